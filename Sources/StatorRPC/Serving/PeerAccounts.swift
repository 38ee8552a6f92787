internal import StatorWire

/// What each peer takes up here, over all its connections, so that none takes what is there for all.
///
/// `@unchecked Sendable`: touched on one loop's thread only, that of the connections that share it.
final class PeerAccounts: @unchecked Sendable {
    /// One peer's, held by its connections.
    final class Account {
        fileprivate var connectionCount = 0
        private var callCount = 0
        private var requestByteCount = 0

        /// A call of the peer's begins; throws RESOURCE_EXHAUSTED when it is one too many.
        func beginCall(
            of peer: Identity, requestLength: Int, isPriority: Bool, _ limits: ServerConfiguration.Limits
        ) throws(RPCError) {
            let callsMax = limits.callsPerPeerMax + (isPriority ? WireLimits.priorityStreamsMax : 0)
            guard callCount < callsMax else {
                throw RPCError(
                    .resourceExhausted, "\(peer) has \(callCount) calls running here, as many as it may have")
            }
            guard requestByteCount + requestLength <= limits.requestBytesPerPeerMax else {
                throw RPCError(
                    .resourceExhausted,
                    "the requests of \(peer) that are being carried out may have "
                        + "\(limits.requestBytesPerPeerMax) bytes; this one is too much")
            }
            callCount += 1
            requestByteCount += requestLength
        }

        func endCall(requestLength: Int) {
            callCount -= 1
            requestByteCount -= requestLength
        }
    }

    let limits: ServerConfiguration.Limits
    private var accounts: [Identity: Account] = [:]

    init(_ limits: ServerConfiguration.Limits) {
        self.limits = limits
    }

    /// A connection turns out to be the peer's; throws UNAVAILABLE when it is one too many.
    func enter(_ peer: Identity) throws(RPCError) -> Account {
        let account = accounts[peer] ?? Account()
        guard account.connectionCount < limits.connectionsPerPeerMax else {
            throw RPCError(
                .unavailable, "\(peer) has \(account.connectionCount) connections here, as many as it may have")
        }
        account.connectionCount += 1
        accounts[peer] = account
        return account
    }

    /// Nothing is left of a connection of the peer's, its calls included.
    func leave(_ peer: Identity) {
        guard let account = accounts[peer] else { return }
        account.connectionCount -= 1
        if account.connectionCount == 0 { accounts[peer] = nil }
    }
}
