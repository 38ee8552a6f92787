/// How a call ended, as STATUS says it.
package struct CallStatus: Equatable, Sendable {
    package var code: StatusCode
    /// One sentence; cut to 1,024 bytes when sent.
    package var text: String
    /// An encoded detail object, or nothing; left out when over 8 KiB.
    package var details: [UInt8]

    package init(_ code: StatusCode, _ text: String = "", details: [UInt8] = []) {
        self.code = code
        self.text = text
        self.details = details
    }

    static let headerLength = 4

    init(decoding payload: RawSpan) throws(WireViolation) {
        guard payload.byteCount >= Self.headerLength else { throw WireViolation("a STATUS cut short") }
        let number = payload.bigEndian(at: 0, as: UInt8.self)
        guard let code = StatusCode(rawValue: number) else { throw WireViolation("a STATUS of unknown code \(number)") }
        guard payload.bigEndian(at: 1, as: UInt8.self) == 0 else {
            throw WireViolation("a STATUS whose reserved byte is not 0")
        }
        let textLength = Int(payload.bigEndian(at: 2, as: UInt16.self))
        let textEnd = Self.headerLength + textLength
        guard textLength <= WireLimits.textLengthMax, textEnd <= payload.byteCount else {
            throw WireViolation("a STATUS whose text is too long")
        }
        guard payload.byteCount - textEnd <= WireLimits.statusDetailsLengthMax else {
            throw WireViolation(.limitExceeded, "a STATUS whose details are too long")
        }
        guard let text = payload.text(Self.headerLength..<textEnd) else {
            throw WireViolation("a STATUS whose text is not UTF-8")
        }
        self.code = code
        self.text = text
        self.details = payload.copy(textEnd..<payload.byteCount)
    }

    func write(to buffer: inout OutboundBuffer, stream: StreamID) {
        let text = text.utf8Prefix(WireLimits.textLengthMax)
        let details = details.count <= WireLimits.statusDetailsLengthMax ? details : []
        let length = Self.headerLength + text.utf8.count + details.count
        buffer.append(FrameHeader(payloadLength: length, type: .status, stream: stream))
        buffer.append(code.rawValue)
        buffer.append(0 as UInt8)
        buffer.append(UInt16(text.utf8.count))
        buffer.append(text.utf8)
        buffer.append(details)
    }
}

/// The end of a connection, or of new calls on it.
package struct GoAway: Equatable, Sendable {
    /// The newest stream of the receiver's that is or was being served; later ones were not begun.
    package var lastStream: StreamID
    package var code: GoAwayCode
    /// One sentence; cut to 1,024 bytes when sent.
    package var text: String

    package init(lastStream: StreamID, code: GoAwayCode, text: String) {
        self.lastStream = lastStream
        self.code = code
        self.text = text
    }

    static let headerLength = 5

    init(decoding payload: RawSpan) throws(WireViolation) {
        guard payload.byteCount >= Self.headerLength else { throw WireViolation("a GOAWAY cut short") }
        let number = payload.bigEndian(at: 4, as: UInt8.self)
        guard let code = GoAwayCode(rawValue: number) else { throw WireViolation("a GOAWAY of unknown code \(number)") }
        guard let text = payload.text(Self.headerLength..<payload.byteCount) else {
            throw WireViolation("a GOAWAY whose text is not UTF-8")
        }
        self.init(lastStream: StreamID(payload.bigEndian(at: 0, as: UInt32.self)), code: code, text: text)
    }

    func write(to buffer: inout OutboundBuffer) {
        let text = text.utf8Prefix(WireLimits.textLengthMax)
        buffer.append(FrameHeader(payloadLength: Self.headerLength + text.utf8.count, type: .goAway))
        buffer.append(lastStream.rawValue)
        buffer.append(code.rawValue)
        buffer.append(text.utf8)
    }
}
