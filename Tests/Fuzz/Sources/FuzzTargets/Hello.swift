import StatorWire

private let start = WireInstant.now
private let ofAllVersions = Hello(
    serviceVersion: 1, fingerprint: [UInt8](repeating: 1, count: WireLimits.fingerprintLength), release: "",
    protocolVersions: 1...UInt16.max)

/// The payload of a HELLO, framed: what is read must be written the same, and both ends must come to the same version.
func runHello(_ input: UnsafeRawBufferPointer) -> CInt {
    var reader = InputReader(input)
    let own = Hello(
        serviceVersion: 1, fingerprint: [UInt8](repeating: 1, count: WireLimits.fingerprintLength), release: "",
        protocolVersions: versions(reader.byte()))
    let payload = reader.bytes(WireLimits.helloLengthMax)
    var frame: [UInt8] = [0, 0, UInt8(payload.count >> 8), UInt8(payload.count & 255), 1, 0, 0, 0, 0, 0, 0, 0]
    frame.append(contentsOf: payload)
    guard let peer = read(frame) else { return 0 }
    var writer = connection(.dialler, peer)
    require(read(outbound(&writer)) == peer, "a HELLO is another one after it was written again")
    negotiate(own, peer)
    return 0
}

/// Few versions, so that ranges meet and miss each other.
private func versions(_ choice: UInt8) -> ClosedRange<UInt16> {
    let oldest = UInt16(choice & 15) + 1
    return oldest...oldest + UInt16(choice >> 4)
}

/// Reads it as one who speaks all versions, so that only the layout can be refused.
private func read(_ frame: [UInt8]) -> Hello? {
    var wire = connection(.acceptor, ofAllVersions)
    return frame.withUnsafeBytes { hello(at: &wire, $0) }
}

private func hello(at wire: inout WireConnection, _ frame: UnsafeRawBufferPointer) -> Hello? {
    var position = 0
    switch wire.next(frame, &position, now: start) {
    case .hello(let hello):
        require(position == frame.count, "a HELLO that was not used up")
        return hello
    case .closed(let close):
        require(close.cause == .violation, "closed by nobody")
        return nil
    default: fail("a HELLO caused neither a hello nor the end")
    }
}

private func connection(_ side: ConnectionSide, _ hello: Hello) -> WireConnection {
    WireConnection(side: side, hello: hello, manifest: [], now: start)
}

/// Takes what waits to be sent.
private func outbound(_ wire: inout WireConnection) -> [UInt8] {
    defer { wire.outbound.consume(wire.outbound.count) }
    return wire.outbound.withBytes { [UInt8]($0) }
}

/// Both ends take the same version, or both let go of the other.
private func negotiate(_ own: Hello, _ peer: Hello) {
    var dialler = connection(.dialler, own)
    var acceptor = connection(.acceptor, peer)
    let (fromDialler, fromAcceptor) = (outbound(&dialler), outbound(&acceptor))
    let atAcceptor = fromDialler.withUnsafeBytes { hello(at: &acceptor, $0) }
    let atDialler = fromAcceptor.withUnsafeBytes { hello(at: &dialler, $0) }
    require((atAcceptor == nil) == (atDialler == nil), "only one end refuses the other")
    require(dialler.protocolVersion == acceptor.protocolVersion, "the two ends speak different versions")
    let newest = min(own.protocolVersions.upperBound, peer.protocolVersions.upperBound)
    let isCommon = own.protocolVersions.contains(newest) && peer.protocolVersions.contains(newest)
    require(dialler.protocolVersion == (isCommon ? newest : nil), "not the newest common version")
}
