/// How a call ended, as STATUS says it.
package struct CallStatus: Equatable, Sendable {
    package var code: StatusCode
    /// One sentence; cut to 1,024 bytes when sent.
    package var text: String
    /// The length of the name of a message, the name and the encoded message, or nothing; left out when over 8 KiB.
    package var details: [UInt8]

    package init(_ code: StatusCode, _ text: String = "", details: [UInt8] = []) {
        self.code = code
        self.text = text
        self.details = details
    }

    static let headerLength = 4

    init(decoding payload: UnsafeRawBufferPointer) throws(WireViolation) {
        guard payload.count >= Self.headerLength else { throw WireViolation("a STATUS cut short") }
        let number = payload.bigEndian(at: 0, as: UInt8.self)
        guard let code = StatusCode(rawValue: number) else { throw WireViolation("a STATUS of unknown code \(number)") }
        guard payload.bigEndian(at: 1, as: UInt8.self) == 0 else {
            throw WireViolation("a STATUS whose reserved byte is not 0")
        }
        let textLength = Int(payload.bigEndian(at: 2, as: UInt16.self))
        let textEnd = Self.headerLength + textLength
        guard textLength <= WireLimits.textLengthMax, textEnd <= payload.count else {
            throw WireViolation("a STATUS whose text is too long")
        }
        guard payload.count - textEnd <= WireLimits.statusDetailsLengthMax else {
            throw WireViolation(.limitExceeded, "a STATUS whose details are too long")
        }
        guard let text = payload.text(Self.headerLength..<textEnd) else {
            throw WireViolation("a STATUS whose text is not UTF-8")
        }
        self.code = code
        self.text = text
        self.details = [UInt8](payload.part(textEnd..<payload.count))
    }

    func write(to buffer: inout OutboundBuffer, stream: StreamID) {
        let text = text.utf8Prefix(WireLimits.textLengthMax)
        let details = details.count <= WireLimits.statusDetailsLengthMax ? details : []
        let length = Self.headerLength + text.utf8.count + details.count
        buffer.append(FrameHeader(payloadLength: length, type: .status, stream: stream))
        buffer.append(code.rawValue)
        buffer.append(0 as UInt8)
        buffer.append(UInt16(text.utf8.count))
        buffer.append(text)
        buffer.append(details)
    }
}
