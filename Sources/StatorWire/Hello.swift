/// What a side says of itself first.
package struct Hello: Equatable, Sendable {
    /// The newest version of this protocol that the sender speaks.
    package var protocolVersion: UInt16
    /// One integer per release, for fleet-wide feature gates.
    package var serviceVersion: UInt32
    /// SHA-256 of the sender's manifest; 32 bytes.
    package var fingerprint: [UInt8]
    /// The sender's release, at most 64 bytes of UTF-8.
    package var release: String

    package init(serviceVersion: UInt32, fingerprint: [UInt8], release: String) {
        self.protocolVersion = WireLimits.protocolVersion
        self.serviceVersion = serviceVersion
        self.fingerprint = fingerprint
        self.release = release
    }

    private static let fixedLength = 2 + 2 + 4 + WireLimits.fingerprintLength + 1

    /// Reads a HELLO; extensions that follow its fields are skipped.
    init(decoding payload: RawSpan) throws(WireViolation) {
        guard payload.byteCount >= 2 else { throw WireViolation("a HELLO cut short") }
        protocolVersion = payload.bigEndian(at: 0, as: UInt16.self)
        // Looked at first: another version may well lay out the rest in another way.
        guard protocolVersion == WireLimits.protocolVersion else {
            throw WireViolation(
                "protocol version \(protocolVersion) is not spoken here, only \(WireLimits.protocolVersion)")
        }
        guard payload.byteCount >= Self.fixedLength else { throw WireViolation("a HELLO cut short") }
        guard payload.bigEndian(at: 2, as: UInt16.self) == 0 else {
            throw WireViolation("a HELLO whose reserved bytes are not 0")
        }
        serviceVersion = payload.bigEndian(at: 4, as: UInt32.self)
        fingerprint = payload.copy(8..<8 + WireLimits.fingerprintLength)
        let releaseLength = Int(payload.bigEndian(at: Self.fixedLength - 1, as: UInt8.self))
        let releaseEnd = Self.fixedLength + releaseLength
        guard releaseLength <= WireLimits.releaseLengthMax, payload.byteCount >= releaseEnd else {
            throw WireViolation("a HELLO whose release is too long")
        }
        guard let release = payload.text(Self.fixedLength..<releaseEnd) else {
            throw WireViolation("a HELLO whose release is not UTF-8")
        }
        self.release = release
        var offset = releaseEnd
        while offset < payload.byteCount {
            guard payload.byteCount - offset >= 4 else { throw WireViolation("a HELLO extension cut short") }
            let length = Int(payload.bigEndian(at: offset + 2, as: UInt16.self))
            guard payload.byteCount - offset - 4 >= length else { throw WireViolation("a HELLO extension cut short") }
            offset += 4 + length
        }
    }

    func write(to buffer: inout OutboundBuffer) {
        let text = release.utf8Prefix(WireLimits.releaseLengthMax)
        buffer.append(FrameHeader(payloadLength: Self.fixedLength + text.utf8.count, type: .hello))
        buffer.append(protocolVersion)
        buffer.append(0 as UInt16)
        buffer.append(serviceVersion)
        buffer.append(fingerprint)
        buffer.append(UInt8(text.utf8.count))
        buffer.append(text.utf8)
    }
}

extension String {
    /// The longest beginning of whole characters with at most `length` bytes of UTF-8.
    package func utf8Prefix(_ length: Int) -> String {
        guard utf8.count > length else { return self }
        var count = 0
        return String(
            unicodeScalars.prefix { scalar in
                count += UTF8.width(scalar)
                return count <= length
            })
    }
}
