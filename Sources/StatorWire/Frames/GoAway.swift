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
    /// The last stream of a drain's first GOAWAY: all that is opened before it is known is served.
    package static let allStreams = StreamID(.max)

    init(decoding payload: UnsafeRawBufferPointer) throws(WireViolation) {
        guard payload.count >= Self.headerLength else { throw WireViolation("a GOAWAY cut short") }
        let number = payload.bigEndian(at: 4, as: UInt8.self)
        guard let code = GoAwayCode(rawValue: number) else { throw WireViolation("a GOAWAY of unknown code \(number)") }
        guard let text = payload.text(Self.headerLength..<payload.count) else {
            throw WireViolation("a GOAWAY whose text is not UTF-8")
        }
        self.init(lastStream: StreamID(payload.bigEndian(at: 0, as: UInt32.self)), code: code, text: text)
    }

    func write(to buffer: inout OutboundBuffer) {
        let text = text.utf8Prefix(WireLimits.textLengthMax)
        buffer.append(FrameHeader(payloadLength: Self.headerLength + text.utf8.count, type: .goAway))
        buffer.append(lastStream.rawValue)
        buffer.append(code.rawValue)
        buffer.append(text)
    }
}
