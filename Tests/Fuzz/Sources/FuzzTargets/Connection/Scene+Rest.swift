import StatorWire

/// How every honest program ends: nothing is lost, nothing waits for ever.
extension Scene {
    func comeToRest() {
        settle()
        // What is consumed gives credit, which lets go what waited, which is consumed again.
        while consumeAll(at: dialler) || consumeAll(at: acceptor) { settle() }
        guard dialler.close == nil, acceptor.close == nil, dialler.isReady, acceptor.isReady else { return }
        for side in [dialler, acceptor] { checkNothingWaits(at: side) }
        // Credit that had leaked would be missing now.
        for side in [dialler, acceptor] { sendOnAll(at: side) }
        settle()
        for side in [dialler, acceptor] {
            for index in side.served.indices where !side.served[index].isOver && !side.served[index].isFinished {
                finish(at: side, index, 0, 0)
            }
            takeEvents(at: side)
        }
        settle()
        for side in [dialler, acceptor] {
            require(side.liveOpenedCount == 0 && side.liveServedCount == 0, "calls without an end")
            require(side.wire.openedStreamCount == 0 && side.wire.acceptedStreamCount == 0, "streams without an end")
            for call in side.opened { require(call.isOver, "call \(call.id) never ended") }
        }
        dialler.wire.drain("at rest")
        takeEvents(at: dialler)
        settle()
        for side in [dialler, acceptor] { require(side.hasDrained, "the \(side.side) has no calls and does not drain") }
    }

    private func checkNothingWaits(at side: Side) {
        let accounts = side.wire.accounts
        require(
            accounts.sendCredit == peer(of: side).wire.accounts.receiveCredit,
            "one end counts \(accounts.sendCredit) bytes of credit, the other another number")
        require(accounts.heldCredit == 0, "credit is held, and all was consumed")
        require(accounts.queuedBytes == 0 && accounts.assemblyCount == 0, "messages wait, and all was delivered")
        require(!side.isStopped, "credit or room of the connection never came back")
        require(side.wire.hasRoom(isPriority: false), "no room, and nothing waits")
        require(side.wire.acceptedStreamCount == side.liveServedCount, "a stream that nobody knows of")
        for call in side.opened where !call.isOver {
            require(!call.isStopped, "call \(call.id) was stopped and never became writable")
            guard !call.requestsEnded else { continue }
            require(side.wire.canRequest(call.id), "call \(call.id) has no credit, and all was consumed")
        }
        for call in side.served where !call.isOver && !call.isFinished {
            require(!call.isStopped, "call \(call.id) was stopped and never became writable")
            require(side.wire.canRespond(call.id), "call \(call.id) has no credit, and all was consumed")
            let sent = peer(of: side).openedIndex(call.id).map { peer(of: side).opened[$0].requests.isEmpty }
            require(sent == true, "a message of call \(call.id) never came")
        }
    }

    /// A message that is more than the half of what must be there.
    private func sendOnAll(at side: Side) {
        budget = .max
        for index in side.opened.indices where !side.opened[index].isOver && !side.opened[index].requestsEnded {
            let before = side.opened[index].requests
            request(at: side, index, 1, 0)
            require(before.isEmpty && !side.opened[index].requests.isEmpty, "a call at rest takes no message")
        }
        for index in side.served.indices where !side.served[index].isOver && !side.served[index].isFinished {
            respond(at: side, index, 1, 0)
            require(!side.served[index].responses.isEmpty, "a call at rest takes no message")
        }
    }
}
