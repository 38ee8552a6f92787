extension WireConnection {
    /// What the machine keeps and owes, for tests of its bounds and for measurements.
    package struct Accounts: Equatable, Sendable {
        /// What the peer may still send, what will be granted to it, and what waits for consumers: together the
        /// initial window.
        package var receiveCredit = 0
        package var returnedCredit = 0
        package var heldCredit = 0
        package var sendCredit = 0
        /// Of messages of the peer's that are under way.
        package var assembledBytes = 0
        package var assemblyCount = 0
        /// Of messages of ours that wait.
        package var queuedBytes = 0
        package var outboundBytes = 0
    }

    package var accounts: Accounts {
        Accounts(
            receiveCredit: receiveWindow.credit, returnedCredit: receiveWindow.returned,
            heldCredit: opened.streams.heldCredit + accepted.streams.heldCredit,
            sendCredit: Int(sendWindow.credit), assembledBytes: assemblies.byteCount,
            assemblyCount: assemblies.underWayCount, queuedBytes: queue.byteCount, outboundBytes: outbound.count)
    }
}

extension StreamTable {
    /// What the messages of all streams withhold of the connection's window.
    fileprivate var heldCredit: Int {
        var held = 0
        forEach { held += Int($0.receiveWindow.held) }
        return held
    }
}
