internal import ComputeMessages
package import Logging
internal import StatorObjects
package import StatorRPC

/// What hosts say over their connections: who they are, that they live, what they did, what they want to know.
///
/// On the loop. Which host speaks is told by its connection's certificate and never by a message.
package struct HostSessions: Sendable {
    /// A batch of reports that races with a step of an operation is applied again, so many times.
    static let applyAttemptsMax = 8
    static let registerAttemptsMax = 3
    /// In one answer; more than a host of this release can hold.
    static let instanceCountMax = 1024

    let store: Store
    let hosts: AttachedHosts
    let engine: OperationEngine
    let unstored: UnstoredDetachments
    let conductorName: String
    let logger: Logger

    package init(
        store: Store, hosts: AttachedHosts, engine: OperationEngine, unstored: UnstoredDetachments,
        conductorName: String, logger: Logger
    ) {
        self.store = store
        self.hosts = hosts
        self.engine = engine
        self.unstored = unstored
        self.conductorName = conductorName
        self.logger = logger
    }

    // MARK: Registration

    /// Attaches the host to this conductor over this connection.
    func register(
        _ registration: HostRegistration, bootEpoch: UInt64, connection: Connection
    ) async throws -> (HostRecord, HostAttachment) {
        let (host, record) = try await stored(registration, bootEpoch: bootEpoch)
        let attachment = AttachedHosts.Attachment(record: record, name: host.name, connection: connection)
        switch hosts.attach(attachment) {
        case .attached:
            break
        case .replaced(let previous):
            previous.connection.close(reason: "the host has made a newer connection")
        case .outdated:
            throw ConductorError(.wrongState, "host '\(host.name)' has made a newer connection")
        }
        guard connection.isOpen else {
            // It closed while the database was asked; nobody tells us again.
            await disconnected(connection)
            throw ConductorError(.hostUnreachable, "the connection has closed")
        }
        logger.info(
            "host attached",
            metadata: ["host": "\(host.name)", "epoch": "\(bootEpoch)", "release": "\(registration.release)"])
        await engine.hostMoved(host.uuid)
        return (host, record)
    }

    private func stored(
        _ registration: HostRegistration, bootEpoch: UInt64
    ) async throws -> (HostRecord, HostAttachment) {
        for _ in 1..<Self.registerAttemptsMax {
            do {
                return try await storedOnce(registration, bootEpoch: bootEpoch)
            } catch let error as StoreError where error.isRetryable {
                // A report of it that was being applied held the rows in another order.
                continue
            }
        }
        return try await storedOnce(registration, bootEpoch: bootEpoch)
    }

    private func storedOnce(
        _ registration: HostRegistration, bootEpoch: UInt64
    ) async throws -> (HostRecord, HostAttachment) {
        do {
            return try await store.transaction { transaction in
                let host = try await transaction.hosts.register(registration)
                let attachment = try await transaction.hosts.attach(
                    host.uuid, conductor: conductorName, bootEpoch: bootEpoch, lease: Leases.host)
                return (host, attachment)
            }
        } catch let error as StoreError {
            switch error.code {
            case .alreadyExists, .identityMismatch, .fenced: throw ConductorError(.wrongState, error.message)
            default: throw error
            }
        }
    }

    /// A connection has closed; when a host was attached over it, the host no longer is.
    package func disconnected(_ connection: Connection) async {
        guard let attachment = hosts.detach(connection) else { return }
        logger.info("host detached", metadata: ["host": "\(attachment.name)"])
        do {
            _ = try await store.hosts.detach(attachment.record)
        } catch {
            // While the row says that the host is attached here, nobody else goes on with its operations.
            await unstored.add(attachment.record)
            logger.warning(
                "detachment not stored", metadata: ["host": "\(attachment.name)", "error": "\(error)"])
        }
        await engine.hostMoved(attachment.hostID)
    }

    // MARK: Life

    /// The attachment that a host's call comes over.
    func attachment(over connection: Connection) throws(ConductorError) -> AttachedHosts.Attachment {
        guard let attachment = hosts.attachment(over: connection) else {
            throw ConductorError(
                .wrongState, "this connection has not registered a host, or the host has made a newer one")
        }
        return attachment
    }

    func renewLease(bootEpoch: UInt64, connection: Connection) async throws {
        let attachment = try attachment(over: connection)
        guard bootEpoch == attachment.record.bootEpoch else {
            throw ConductorError(
                .wrongState,
                "boot epoch \(bootEpoch) is not the registered one, \(attachment.record.bootEpoch); register again")
        }
        try await fencing(attachment) {
            try await store.hosts.renew(attachment.record, lease: Leases.host)
        }
    }

    // MARK: Reports

    /// Applies reports in one transaction, each exactly once; returns the number up to which all are applied.
    func apply(_ reports: [Report], connection: Connection) async throws -> UInt64 {
        let attachment = try attachment(over: connection)
        for _ in 1...Self.applyAttemptsMax {
            if let appliedThrough = try await applyOnce(reports, attachment) { return appliedThrough }
        }
        throw ConductorError(.contended, "what is reported changes too often; send the reports again")
    }

    /// Nil when an operation or an instance changed in the middle.
    private func applyOnce(
        _ reports: [Report], _ attachment: AttachedHosts.Attachment
    ) async throws -> UInt64? {
        do {
            return try await fencing(attachment) {
                try await store.applyReports(reports, attachment: attachment.record) { report, transaction in
                    try await ReportApplication(host: attachment.hostID).apply(report, in: transaction)
                }
            }
        } catch let error as StoreError where error.isRetryable {
            return nil
        }
    }

    /// An attachment that another has taken the place of is of no use any more: its connection is closed, so that a
    /// host that still holds on to it registers anew.
    private func fencing<Result>(
        _ attachment: AttachedHosts.Attachment, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as StoreError where error.code == .fenced {
            attachment.connection.close(reason: error.message)
            throw ConductorError(.wrongState, error.message)
        }
    }

    // MARK: Instances

    /// The instances placed on the calling host; those asked for must all be its own.
    func instances(_ uuids: [ObjectID], connection: Connection) async throws -> [InstanceRecord] {
        let hostID = try attachment(over: connection).hostID
        if uuids.isEmpty {
            return try await store.instances.list(hostID: hostID)
        }
        let records = try await store.instances.get(uuids)
        let own = Set(records.lazy.filter { $0.hostID == hostID }.map(\.uuid))
        if let foreign = uuids.first(where: { !own.contains($0) }) {
            throw ConductorError(.forbidden, "instance \(foreign) is not placed on this host")
        }
        return records
    }
}
