package import StatorObjects
package import StatorRPC
internal import Synchronization

/// The hosts whose connections this conductor holds.
///
/// Any thread. A host's newer connection replaces its older one; what comes over the older is refused from then on.
package final class AttachedHosts: Sendable {
    /// One host's registration over one connection.
    package struct Attachment: Sendable {
        /// What is shown to the store when something is written on the host's behalf.
        package let record: HostAttachment
        package let name: String
        package let connection: Connection

        package var hostID: ObjectID { record.hostID }
    }

    private struct Table: Sendable {
        var byHost: [ObjectID: Attachment] = [:]
        var hostByConnection: [ObjectIdentifier: ObjectID] = [:]
    }

    private let table = Mutex(Table())

    package init() {}

    package func attachment(of hostID: ObjectID) -> Attachment? {
        table.withLock { $0.byHost[hostID] }
    }

    /// The host that registered over this connection, unless it has registered over another since.
    package func attachment(over connection: Connection) -> Attachment? {
        table.withLock { table in
            table.hostByConnection[ObjectIdentifier(connection)].flatMap { table.byHost[$0] }
        }
    }

    /// What became of an attachment.
    package enum OnAttach: Sendable {
        case attached
        /// The host had another connection, which is of no use any more.
        case replaced(Attachment)
        /// The host has registered anew meanwhile.
        case outdated
    }

    /// Takes the host's place in the table, unless a later attachment of it is there.
    package func attach(_ attachment: Attachment) -> OnAttach {
        table.withLock { table in
            let previous = table.byHost[attachment.hostID]
            if let previous, previous.record.number > attachment.record.number { return .outdated }
            if let previous { table.hostByConnection[ObjectIdentifier(previous.connection)] = nil }
            table.byHost[attachment.hostID] = attachment
            table.hostByConnection[ObjectIdentifier(attachment.connection)] = attachment.hostID
            guard let previous, previous.connection !== attachment.connection else { return .attached }
            return .replaced(previous)
        }
    }

    /// Closes every host's connection; each is forgotten when its closing is noticed.
    func closeAll(reason: String) {
        for attachment in table.withLock({ Array($0.byHost.values) }) {
            attachment.connection.close(reason: reason)
        }
    }

    /// Forgets the host that registered over this connection, unless it has registered over another since.
    package func detach(_ connection: Connection) -> Attachment? {
        table.withLock { table in
            guard let hostID = table.hostByConnection.removeValue(forKey: ObjectIdentifier(connection)) else {
                return nil
            }
            return table.byHost.removeValue(forKey: hostID)
        }
    }
}
