/// What a side says of itself first.
package struct Hello: Equatable, Sendable {
    /// The newest and the oldest version of this protocol that the sender speaks.
    package var protocolVersions: ClosedRange<UInt16>
    /// One integer per release, for fleet-wide feature gates.
    package var serviceVersion: UInt32
    /// SHA-256 of the sender's manifest; 32 bytes.
    package var fingerprint: [UInt8]
    /// The sender's release, at most 64 bytes of UTF-8.
    package var release: String

    package init(
        serviceVersion: UInt32, fingerprint: [UInt8], release: String,
        protocolVersions: ClosedRange<UInt16> = WireLimits.protocolVersionOldest...WireLimits.protocolVersion
    ) {
        self.protocolVersions = protocolVersions
        self.serviceVersion = serviceVersion
        self.fingerprint = fingerprint
        self.release = release
    }

    private static let fixedLength = 2 + 2 + 4 + WireLimits.fingerprintLength + 1
    private static let extensionHeaderLength = 4
    /// The extension that names the oldest version; without it there is no older one than the newest.
    private static let oldestVersionType: UInt16 = 1

    /// Reads a HELLO, whose layout is the same in all versions; extensions that are not known are skipped.
    init(decoding payload: UnsafeRawBufferPointer) throws(WireViolation) {
        guard payload.count >= Self.fixedLength else { throw WireViolation("a HELLO cut short") }
        let newest = payload.bigEndian(at: 0, as: UInt16.self)
        guard payload.bigEndian(at: 2, as: UInt16.self) == 0 else {
            throw WireViolation("a HELLO whose reserved bytes are not 0")
        }
        serviceVersion = payload.bigEndian(at: 4, as: UInt32.self)
        fingerprint = [UInt8](payload.part(8..<8 + WireLimits.fingerprintLength))
        let releaseLength = Int(payload.bigEndian(at: Self.fixedLength - 1, as: UInt8.self))
        let releaseEnd = Self.fixedLength + releaseLength
        guard releaseLength <= WireLimits.releaseLengthMax, payload.count >= releaseEnd else {
            throw WireViolation("a HELLO whose release is too long")
        }
        guard let release = payload.text(Self.fixedLength..<releaseEnd) else {
            throw WireViolation("a HELLO whose release is not UTF-8")
        }
        self.release = release
        let oldest = try Self.oldestVersion(payload, from: releaseEnd) ?? newest
        guard oldest > 0, oldest <= newest else {
            throw WireViolation("a HELLO of protocol versions \(oldest) to \(newest)")
        }
        protocolVersions = oldest...newest
    }

    /// What the extensions from an offset on say of the oldest version.
    private static func oldestVersion(
        _ payload: UnsafeRawBufferPointer, from start: Int
    ) throws(WireViolation) -> UInt16? {
        var oldest: UInt16?
        var offset = start
        while offset < payload.count {
            guard payload.count - offset >= extensionHeaderLength else { throw cutShort }
            let type = payload.bigEndian(at: offset, as: UInt16.self)
            let length = Int(payload.bigEndian(at: offset + 2, as: UInt16.self))
            offset += extensionHeaderLength
            guard payload.count - offset >= length else { throw cutShort }
            if type == oldestVersionType {
                guard length == 2, oldest == nil else {
                    throw WireViolation("a HELLO that names its oldest protocol version wrongly")
                }
                oldest = payload.bigEndian(at: offset, as: UInt16.self)
            }
            offset += length
        }
        return oldest
    }

    private static let cutShort = WireViolation("a HELLO extension cut short")

    /// The version that this side and the peer speak with each other.
    func negotiate(with peer: Hello) throws(WireViolation) -> UInt16 {
        let version = min(protocolVersions.upperBound, peer.protocolVersions.upperBound)
        guard protocolVersions.contains(version), peer.protocolVersions.contains(version) else {
            throw WireViolation(
                "protocol versions \(Self.text(peer.protocolVersions)) are spoken there, "
                    + "\(Self.text(protocolVersions)) here")
        }
        return version
    }

    private static func text(_ versions: ClosedRange<UInt16>) -> String {
        "\(versions.lowerBound) to \(versions.upperBound)"
    }

    func write(to buffer: inout OutboundBuffer) {
        let text = release.utf8Prefix(WireLimits.releaseLengthMax)
        let namesOldest = protocolVersions.lowerBound != protocolVersions.upperBound
        let length = Self.fixedLength + text.utf8.count + (namesOldest ? Self.extensionHeaderLength + 2 : 0)
        buffer.append(FrameHeader(payloadLength: length, type: .hello))
        buffer.append(protocolVersions.upperBound)
        buffer.append(0 as UInt16)
        buffer.append(serviceVersion)
        buffer.append(fingerprint)
        buffer.append(UInt8(text.utf8.count))
        buffer.append(text)
        guard namesOldest else { return }
        buffer.append(Self.oldestVersionType)
        buffer.append(2 as UInt16)
        buffer.append(protocolVersions.lowerBound)
    }
}
