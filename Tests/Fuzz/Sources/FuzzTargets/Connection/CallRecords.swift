import StatorWire

/// What one side sent on a stream and the other has not received yet.
struct SentMessages {
    struct Message {
        /// Nil: the sender said that there are no more, without a message.
        let pattern: PatternMessage?
        let endsStream: Bool
    }

    private var messages: [Message] = []
    private var first = 0

    var isEmpty: Bool { first == messages.count }

    mutating func append(_ pattern: PatternMessage?, endsStream: Bool) {
        messages.append(Message(pattern: pattern, endsStream: endsStream))
    }

    mutating func removeFirst() -> Message? {
        guard first < messages.count else { return nil }
        defer { first += 1 }
        return messages[first]
    }
}

/// A call as the side that opened it has it.
struct OpenedCall {
    let id: StreamID
    let header: CallHeader
    /// Sent, not yet delivered to the peer.
    var requests = SentMessages()
    var requestsEnded: Bool
    /// Lengths of responses that were delivered and not consumed.
    var unconsumed: [Int] = []
    /// Something was refused for want of credit or room; `writable` is to come.
    var isStopped = false
    /// The call ended in one way or another; nothing may come of it any more.
    var isOver = false
}

/// A call as the side that serves it has it.
struct ServedCall {
    let id: StreamID
    var responses = SentMessages()
    var requestsEnded: Bool
    var unconsumed: [Int] = []
    var isStopped = false
    /// Answered to the end by this side; the last of it may still wait to be sent.
    var isFinished = false
    /// What the call was finished with, when that was by STATUS.
    var status: StatusCode?
    /// Nothing may come of it any more.
    var isOver = false
}
