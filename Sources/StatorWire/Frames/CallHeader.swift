/// Sixteen bytes, in two words so that copying them is free.
package struct Bytes16: Hashable, Sendable {
    /// The first eight bytes, big-endian.
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// W3C trace context as OPEN carries it.
package struct TraceBytes: Hashable, Sendable {
    package var traceID: Bytes16
    package var parentID: UInt64
    package var flags: UInt8

    package init(traceID: Bytes16, parentID: UInt64, flags: UInt8) {
        self.traceID = traceID
        self.parentID = parentID
        self.flags = flags
    }
}

/// What OPEN says of a call, before its first message.
///
/// Kept as OPEN has it, in words: it is copied with each event.
package struct CallHeader: Equatable, Sendable {
    /// The method's number: 64-bit FNV-1a of its path.
    package var method: UInt64
    /// 0: no deadline.
    private var timeoutMicroseconds: UInt64 = 0
    private var key = Bytes16(high: 0, low: 0)
    private var traceBytes = TraceBytes(traceID: Bytes16(high: 0, low: 0), parentID: 0, flags: 0)
    /// Which of key and trace context there are.
    private(set) var flags: FrameFlags = []

    package init(
        method: UInt64, timeout: Duration? = nil, idempotencyKey: Bytes16? = nil, trace: TraceBytes? = nil
    ) {
        self.method = method
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
        self.trace = trace
    }

    /// The time that is left for the call, in whole microseconds and at least one; nil: no deadline.
    package var timeout: Duration? {
        get { timeoutMicroseconds == 0 ? nil : .microseconds(Int64(timeoutMicroseconds)) }
        set { setTimeout(microseconds: newValue?.timeoutMicroseconds) }
    }

    /// A repetition with the same key returns the first outcome.
    package var idempotencyKey: Bytes16? {
        get { flags.contains(.idempotencyKey) ? key : nil }
        set {
            key = newValue ?? Bytes16(high: 0, low: 0)
            set(.idempotencyKey, newValue != nil)
        }
    }

    package var trace: TraceBytes? {
        get { flags.contains(.traceContext) ? traceBytes : nil }
        set {
            traceBytes = newValue ?? TraceBytes(traceID: Bytes16(high: 0, low: 0), parentID: 0, flags: 0)
            set(.traceContext, newValue != nil)
        }
    }

    private mutating func set(_ flag: FrameFlags, _ isSet: Bool) {
        if isSet { flags.insert(flag) } else { flags.remove(flag) }
    }

    /// Time that has run out travels as the shortest there is: 0 would mean none was set.
    @inline(__always)
    mutating func setTimeout(microseconds: UInt64?) {
        timeoutMicroseconds = microseconds.map { max(1, min($0, WireLimits.timeoutMicrosecondsMax)) } ?? 0
    }

    /// When the time that is left runs out.
    @inline(__always)
    func deadline(from now: WireInstant) -> WireInstant? {
        timeoutMicroseconds == 0 ? nil : now.advanced(byNanoseconds: Int64(timeoutMicroseconds) * 1_000)
    }

    static let fixedLength = 16
    static let idempotencyKeyLength = 16
    static let traceContextLength = 25

    @inline(__always)
    var byteCount: Int { Self.byteCount(flags) }

    @inline(__always)
    static func byteCount(_ flags: FrameFlags) -> Int {
        var count = fixedLength
        if flags.contains(.idempotencyKey) { count += idempotencyKeyLength }
        if flags.contains(.traceContext) { count += traceContextLength }
        return count
    }

    /// Reads the header at the beginning of an OPEN's payload, which has at least `byteCount(flags)` bytes.
    @inline(__always)
    init(decoding payload: UnsafeRawBufferPointer, flags: FrameFlags) {
        method = payload.bigEndian(at: 0, as: UInt64.self)
        timeoutMicroseconds = min(payload.bigEndian(at: 8, as: UInt64.self), WireLimits.timeoutMicrosecondsMax)
        self.flags = flags.intersection([.idempotencyKey, .traceContext])
        var offset = Self.fixedLength
        if flags.contains(.idempotencyKey) {
            key = Self.bytes16(payload, at: offset)
            offset += Self.idempotencyKeyLength
        }
        if flags.contains(.traceContext) {
            traceBytes = TraceBytes(
                traceID: Self.bytes16(payload, at: offset),
                parentID: payload.bigEndian(at: offset + 16, as: UInt64.self),
                flags: payload.bigEndian(at: offset + 24, as: UInt8.self))
        }
    }

    private static func bytes16(_ payload: UnsafeRawBufferPointer, at offset: Int) -> Bytes16 {
        Bytes16(
            high: payload.bigEndian(at: offset, as: UInt64.self),
            low: payload.bigEndian(at: offset + 8, as: UInt64.self))
    }

    /// Writes `byteCount` bytes.
    @inline(__always)
    func write(to start: UnsafeMutableRawPointer) {
        start.storeBigEndian(method, at: 0)
        start.storeBigEndian(timeoutMicroseconds, at: 8)
        var offset = Self.fixedLength
        if flags.contains(.idempotencyKey) {
            start.storeBigEndian(key.high, at: offset)
            start.storeBigEndian(key.low, at: offset + 8)
            offset += Self.idempotencyKeyLength
        }
        if flags.contains(.traceContext) {
            start.storeBigEndian(traceBytes.traceID.high, at: offset)
            start.storeBigEndian(traceBytes.traceID.low, at: offset + 8)
            start.storeBigEndian(traceBytes.parentID, at: offset + 16)
            start.storeBigEndian(traceBytes.flags, at: offset + 24)
        }
    }
}
