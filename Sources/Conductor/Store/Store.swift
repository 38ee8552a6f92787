internal import ComputeMessages
package import Postgres
package import StatorObjects

/// Everything that the control plane remembers, in PostgreSQL. Used from tasks on the loop of its client.
///
/// Each method of its stores is one statement, or says that it wants a transaction; what belongs together is written in a
/// `transaction`. Times in rows are the database's.
package struct Store: Sendable {
    private let client: PostgresClient

    package init(_ client: PostgresClient) {
        self.client = client
    }

    package var instances: InstanceStore { InstanceStore(session) }
    package var operations: OperationStore { OperationStore(session) }
    package var hosts: HostStore { HostStore(session) }
    package var services: ServiceStore { ServiceStore(session) }
    package var flavors: FlavorStore { FlavorStore(session) }
    package var images: ImageStore { ImageStore(session) }

    private var session: StoreSession { StoreSession(client) }

    /// Runs the body between BEGIN and COMMIT; when it throws, nothing of it stays and its error is thrown on.
    ///
    /// Rows are to be locked in this order, or transactions may stop each other, which PostgreSQL finds out and which
    /// comes as `.contention`: host session, instance, operation, host and claims.
    package func transaction<R: Sendable>(_ body: (StoreTransaction) async throws -> R) async throws -> R {
        do {
            return try await client.transaction { transaction in
                try await body(StoreTransaction(StoreSession(transaction)))
            }
        } catch let error as PostgresError {
            throw StoreError(error)
        }
    }

    /// Throws `.schemaMismatch`, with the way out, unless this release can serve from the database.
    package func requireServableSchema() async throws(StoreError) {
        try await migrator.requireServable()
    }

    /// Where the database stands between this release's schema and its neighbours'.
    package func schemaStatus() async throws(StoreError) -> SchemaStatus {
        try await migrator.status()
    }

    private var migrator: Migrator { Migrator(client, logger: client.logger) }

    /// Hears of operations that were begun or changed, by whichever conductor; nil: some may have been missed.
    package func operationChanges() -> AsyncMapSequence<AsyncStream<PostgresNotification>, ObjectID?> {
        client.listen(NotificationChannel.operations.rawValue).map { notification in
            notification.payload.flatMap { ObjectID($0) }
        }
    }

    /// For a body that throws nothing but the store's own errors.
    func storeTransaction<R: Sendable>(
        _ body: (StoreTransaction) async throws -> R
    ) async throws(StoreError) -> R {
        do {
            return try await transaction(body)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.internal, "\(error)")
        }
    }
}

/// The stores inside one transaction.
package struct StoreTransaction: Sendable {
    let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    package var instances: InstanceStore { InstanceStore(session) }
    package var operations: OperationStore { OperationStore(session) }
    package var hosts: HostStore { HostStore(session) }
    package var services: ServiceStore { ServiceStore(session) }
    package var flavors: FlavorStore { FlavorStore(session) }
    package var images: ImageStore { ImageStore(session) }

    /// Tells who listens, once the transaction is committed.
    package func notify(_ channel: NotificationChannel, _ payload: String) async throws(StoreError) {
        try await session.execute("SELECT pg_notify($1, $2)", [.text(channel.rawValue), .text(payload)])
    }
}

/// What conductors tell each other through the database.
package enum NotificationChannel: String, Sendable, CaseIterable {
    /// An operation was begun or changed; the payload is its uuid.
    case operations = "stator_operations"
}
