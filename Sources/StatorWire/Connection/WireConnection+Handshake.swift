extension WireConnection {
    /// The version that is spoken; nil until the peer's HELLO has come.
    package var protocolVersion: UInt16? { handshake.version }

    /// We looked at the peer's HELLO; `wantsManifest` when its fingerprint is not known here.
    package mutating func acknowledgeHello(wantsManifest: Bool) throws(ImpossibleTransition) {
        guard phase != .closed else { return }
        try handshake.acknowledge(wantsManifest: wantsManifest)
        outbound.append(FrameHeader(payloadLength: 1, type: .helloAck))
        outbound.append(wantsManifest ? 1 : 0 as UInt8)
        becomeReadyIfComplete()
    }

    /// The peer's manifest is that of its fingerprint.
    package mutating func acceptManifest() throws(ImpossibleTransition) {
        guard phase != .closed else { return }
        try handshake.acceptManifest()
        becomeReadyIfComplete()
    }

    private mutating func becomeReadyIfComplete() {
        guard phase == .handshaking, handshake.isComplete else { return }
        phase = .open
        pending.append(.ready)
    }

    mutating func handleHello(_ payload: UnsafeRawBufferPointer) throws(WireViolation) -> WireEvent {
        let peer = try Hello(decoding: payload)
        try handshake.receiveHello(version: try hello.negotiate(with: peer))
        return .hello(peer)
    }

    mutating func handleHelloAck(_ payload: UnsafeRawBufferPointer) throws(WireViolation) {
        try check(payload, hasLength: 1, of: .helloAck)
        let answer = payload.bigEndian(at: 0, as: UInt8.self)
        guard answer <= 1 else { throw WireViolation("a helloAck frame that says \(answer)") }
        try handshake.receiveAcknowledgement()
        if answer == 1 { sendManifest() }
        becomeReadyIfComplete()
    }

    mutating func handleManifest(
        _ payload: UnsafeRawBufferPointer, hasMore: Bool
    ) throws(WireViolation) -> WireEvent? {
        try handshake.receiveManifest(payload, hasMore: hasMore).map { .manifest($0) }
    }

    private mutating func sendManifest() {
        manifest.withUnsafeBytes { bytes in
            var offset = 0
            repeat {
                let length = min(bytes.count - offset, WireLimits.framePayloadLengthMax)
                let isLast = offset + length == bytes.count
                outbound.append(FrameHeader(payloadLength: length, type: .manifest, flags: isLast ? [] : .more))
                outbound.append(bytes.part(offset..<offset + length))
                offset += length
            } while offset < bytes.count
        }
    }

    func check(_ payload: UnsafeRawBufferPointer, hasLength length: Int, of type: FrameType) throws(WireViolation) {
        guard payload.count == length else {
            throw WireViolation("a \(type) frame of \(payload.count) bytes in place of \(length)")
        }
    }
}
