/// What OPEN says of a call, before its first message.
package struct CallHeader: Equatable, Sendable {
    /// The method's number: 64-bit FNV-1a of its path.
    package var method: UInt64
    /// The time that is left for the call; nil: no deadline.
    package var timeout: Duration?
    /// 16 bytes; a repetition with the same key returns the first outcome.
    package var idempotencyKey: [UInt8]?
    /// W3C trace context: 16 bytes trace id, 8 bytes parent id, 1 byte flags.
    package var traceContext: [UInt8]?

    package init(
        method: UInt64, timeout: Duration? = nil, idempotencyKey: [UInt8]? = nil, traceContext: [UInt8]? = nil
    ) {
        self.method = method
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
        self.traceContext = traceContext
    }

    package static let idempotencyKeyLength = 16
    package static let traceContextLength = 25
    private static let fixedLength = 16

    var flags: FrameFlags {
        var flags: FrameFlags = []
        if idempotencyKey != nil { flags.insert(.idempotencyKey) }
        if traceContext != nil { flags.insert(.traceContext) }
        return flags
    }

    var byteCount: Int { Self.fixedLength + (idempotencyKey?.count ?? 0) + (traceContext?.count ?? 0) }

    /// Reads the header at the beginning of an OPEN's payload; `length` is set to how long it is.
    init(decoding payload: RawSpan, flags: FrameFlags, length: inout Int) throws(WireViolation) {
        length = Self.fixedLength
        let keyStart = length
        if flags.contains(.idempotencyKey) { length += Self.idempotencyKeyLength }
        let traceStart = length
        if flags.contains(.traceContext) { length += Self.traceContextLength }
        guard payload.byteCount >= length else { throw WireViolation("an OPEN cut short") }
        method = payload.bigEndian(at: 0, as: UInt64.self)
        let microseconds = payload.bigEndian(at: 8, as: UInt64.self)
        let limited = min(.microseconds(Int64(clamping: microseconds)), WireLimits.timeoutMax)
        timeout = microseconds == 0 ? nil : limited
        idempotencyKey = traceStart > keyStart ? payload.copy(keyStart..<traceStart) : nil
        traceContext = length > traceStart ? payload.copy(traceStart..<length) : nil
    }

    func write(to buffer: inout OutboundBuffer) {
        buffer.append(method)
        buffer.append(timeout.map { UInt64(max(1, min($0, WireLimits.timeoutMax).microseconds)) } ?? 0)
        if let idempotencyKey { buffer.append(idempotencyKey) }
        if let traceContext { buffer.append(traceContext) }
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero. The duration must be shorter than 200,000 years.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
