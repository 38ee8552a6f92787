import StatorWire

/// A promise of the protocol that was not kept; the run's seed repeats it.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// One call: what its two ends mean to do, and what has come of it at each.
///
/// Both ends know it, the network does not: what one has done is what the other must see, in that order and once.
final class SimulatedCall {
    enum Opener: Equatable {
        case notOpened, running, ok, failed(StatusCode), cancelled, expired, refused, lost
    }

    enum Acceptor: Equatable {
        case notBegun, running, ok, failed(StatusCode), cancelled, expired, lost
    }

    let number: Int
    /// Lengths of messages; those of 0 and of several frames among them.
    let requests: [Int]
    let responses: [Int]
    /// Whether the first request comes in OPEN, and the last one's frame ends the request.
    let beginsWithMessage: Bool
    let endsWithMessage: Bool
    /// Whether the answer ends with STATUS OK, or after so many responses with an error.
    let endsWithStatus: Bool
    let failsAfter: Int?
    let isPriority: Bool
    let timeout: Duration?
    let header: CallHeader

    var id = StreamID.connection
    private(set) var opener = Opener.notOpened
    private(set) var acceptor = Acceptor.notBegun
    var (requestsSent, requestsCame, responsesSent, responsesCame) = (0, 0, 0, 0)
    var (requestIsOver, requestEndCame) = (false, false)

    init(number: Int, random: inout Random) {
        self.number = number
        let kind = random.below(4)
        requests = (0..<(kind & 1 == 0 ? 1 : random.below(8))).map { _ in Self.length(&random) }
        responses = (0..<(kind & 2 == 0 ? 1 : random.below(8))).map { _ in Self.length(&random) }
        beginsWithMessage = requests.count > 0 && !random.oneIn(4)
        endsWithMessage = requests.count > 0 && !random.oneIn(3)
        endsWithStatus = responses.isEmpty || random.oneIn(3)
        failsAfter = random.oneIn(6) ? random.below(responses.count + 1) : nil
        isPriority = random.oneIn(10)
        timeout = random.oneIn(4) ? .milliseconds(1 + random.below(4_000)) : nil
        var header = CallHeader(method: UInt64(number))
        if random.oneIn(3) { header.idempotencyKey = Bytes16(high: random.next(), low: UInt64(number)) }
        if random.oneIn(3) {
            header.trace = TraceBytes(
                traceID: Bytes16(high: UInt64(number), low: random.next()), parentID: random.next(), flags: 1)
        }
        self.header = header
    }

    private static func length(_ random: inout Random) -> Int {
        switch random.below(40) {
        case 0..<8: 0
        case 8..<28: random.below(300)
        case 28..<36: random.below(17_000)
        case 36..<39: random.below(150_000)
        default: random.oneIn(10) ? WireLimits.messageLengthMax - random.below(2) : random.below(400_000)
        }
    }

    var isOpenerRunning: Bool { opener == .running }
    var isAcceptorRunning: Bool { acceptor == .running }

    /// What is to be sent next; the whole request is over behind the last of it.
    var endsRequest: Bool { requestsSent + 1 == requests.count && endsWithMessage }

    func opened(as id: StreamID) throws {
        guard opener == .notOpened else { throw broken("opened twice") }
        self.id = id
        opener = .running
        if beginsWithMessage {
            requestsSent = 1
            requestIsOver = requests.count == 1 && endsWithMessage
        }
    }

    /// The opener's end of the call is over.
    func end(_ end: Opener) throws {
        guard opener == .running else { throw broken("ended twice at its opener, as \(opener) and \(end)") }
        switch end {
        case .ok:
            guard acceptor == .ok, responsesCame == responsesSent else {
                throw broken("OK at its opener with \(responsesCame) of \(responsesSent) responses; there: \(acceptor)")
            }
        case .failed(.resourceExhausted) where acceptor == .notBegun: break
        case .failed(.deadlineExceeded) where timeout != nil && acceptor != .running:
            // Its machine may have ended it before or after its program.
            break
        case .failed(let code):
            guard acceptor == .failed(code) else {
                throw broken("failed with \(code) at its opener, \(acceptor) at its acceptor")
            }
        case .refused:
            guard acceptor == .notBegun else { throw broken("refused, and begun there") }
        case .expired:
            guard timeout != nil else { throw broken("expired without deadline") }
        case .cancelled, .lost: break
        case .notOpened, .running: throw broken("not an end")
        }
        opener = end
    }

    func begin(_ header: CallHeader, as id: StreamID) throws {
        guard acceptor == .notBegun, opener != .notOpened else { throw broken("begun twice, or never opened") }
        guard opener != .refused else { throw broken("begun although refused") }
        var expected = self.header
        expected.timeout = header.timeout
        guard self.id == id, header == expected, (header.timeout == nil) == (timeout == nil) else {
            throw broken("begun with another header")
        }
        acceptor = .running
    }

    /// The acceptor's end of the call is over.
    func end(_ end: Acceptor) throws {
        guard acceptor == .running else { throw broken("ended twice at its acceptor, as \(acceptor) and \(end)") }
        switch end {
        case .cancelled:
            guard opener == .cancelled || opener == .expired else { throw broken("cancelled by nobody") }
        case .expired:
            guard timeout != nil else { throw broken("expired without deadline") }
        case .ok, .failed, .lost: break
        case .notBegun, .running: throw broken("not an end")
        }
        acceptor = end
    }

    func requestCame(_ bytes: UnsafeRawBufferPointer?, endsStream: Bool) throws {
        guard acceptor == .running else { throw broken("a request after its end") }
        guard !requestEndCame else { throw broken("a request after the last") }
        if let bytes {
            guard requestsCame < requestsSent,
                TestMessage.matches(bytes, call: number, number: requestsCame, length: requests[requestsCame])
            else { throw broken("request \(requestsCame) is not what was sent") }
            requestsCame += 1
        } else {
            guard endsStream || requestsCame == 0 else { throw broken("neither request nor end") }
        }
        requestEndCame = endsStream
        if endsStream, requestsCame != requests.count { throw broken("the request ended too early") }
    }

    func responseCame(_ bytes: UnsafeRawBufferPointer) throws {
        guard opener == .running else { throw broken("a response after its end") }
        guard responsesCame < responsesSent,
            TestMessage.matches(bytes, call: number, number: responsesCame, length: responses[responsesCame])
        else { throw broken("response \(responsesCame) is not what was sent") }
        responsesCame += 1
    }

    func broken(_ text: String) -> BrokenPromise { BrokenPromise("call \(number) (stream \(id)): \(text)") }
}
