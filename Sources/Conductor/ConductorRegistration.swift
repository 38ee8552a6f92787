internal import ComputeObjects
internal import Logging
internal import StatorObjects
internal import StatorReactor

/// Keeps this conductor's row among the services: where it listens, which release it is, and that it lives.
struct ConductorRegistration: Sendable {
    static let binary = "stator-conductor"

    let store: Store
    let name: String
    let address: String
    let loop: EventLoop
    let logger: Logger

    /// Until its task is cancelled; then the row says that the service has gone.
    ///
    /// Throws `.schemaMismatch` when the schema has been contracted past this release: behind every registration and
    /// renewal it looks, so that no contraction that did not see this conductor is missed.
    func run() async throws(StoreError) {
        var registered: ObjectID?
        while !Task.isCancelled {
            do {
                if let uuid = registered {
                    try await store.services.renew(uuid, lease: Leases.service)
                } else {
                    registered = try await store.services.register(
                        binary: Self.binary, name: name, release: Release.current, version: Release.serviceVersion,
                        address: address, lease: Leases.service
                    ).uuid
                }
                try await store.requireServableSchema()
            } catch {
                if error.code == .schemaMismatch { throw error }
                // A row that is gone is made again; a database that is away is asked again.
                if error.code == .notFound { registered = nil }
                logger.warning("registration not renewed", metadata: ["error": "\(error)"])
            }
            try? await loop.sleep(for: Leases.renewalInterval(of: Leases.service))
        }
    }

    /// Says that the service has gone; when that fails, its lease ends by itself.
    func withdraw() async {
        do {
            guard let record = try await store.services.find(binary: Self.binary, name: name) else { return }
            try await store.services.withdraw(record.uuid)
        } catch {
            logger.debug("registration not withdrawn", metadata: ["error": "\(error)"])
        }
    }
}
