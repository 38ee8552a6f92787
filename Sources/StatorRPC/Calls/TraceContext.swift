internal import StatorWire

/// Which trace a call belongs to, as W3C Trace Context (level 1) has it.
///
/// It travels with the call and is handed on by `CallContext.callOptions`; Stator itself makes no spans.
public struct TraceContext: Hashable, Sendable, CustomStringConvertible {
    public var traceIDHigh: UInt64
    public var traceIDLow: UInt64
    /// The caller's span.
    public var parentID: UInt64
    public var isSampled: Bool

    public init(traceIDHigh: UInt64, traceIDLow: UInt64, parentID: UInt64, isSampled: Bool) {
        self.traceIDHigh = traceIDHigh
        self.traceIDLow = traceIDLow
        self.parentID = parentID
        self.isSampled = isSampled
    }

    /// A new trace, begun here.
    public static func random(isSampled: Bool = true) -> TraceContext {
        TraceContext(
            traceIDHigh: .random(in: .min ... .max), traceIDLow: .random(in: 1 ... .max),
            parentID: .random(in: 1 ... .max), isSampled: isSampled)
    }

    /// Reads a `traceparent`: `00-<32 hexadecimal digits>-<16>-<2>`; nil when it is none or says nothing.
    public init?(traceparent text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            parts[3].utf8.count == 2, text.utf8.allSatisfy(Self.isAllowed),
            let high = UInt64(parts[1].prefix(16), radix: 16), let low = UInt64(parts[1].suffix(16), radix: 16),
            let parent = UInt64(parts[2], radix: 16), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        guard high != 0 || low != 0, parent != 0 else { return nil }
        self.init(traceIDHigh: high, traceIDLow: low, parentID: parent, isSampled: flags & 1 == 1)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// The `traceparent`.
    public var description: String {
        "00-\(hexadecimal(traceIDHigh))\(hexadecimal(traceIDLow))-\(hexadecimal(parentID))-\(isSampled ? "01" : "00")"
    }

    /// The same trace with a span of this side's own as the parent, for a further call.
    public func child() -> TraceContext {
        var child = self
        child.parentID = .random(in: 1 ... .max)
        return child
    }

    /// Nil when it names no trace.
    init?(_ bytes: TraceBytes) {
        guard bytes.traceID.high != 0 || bytes.traceID.low != 0, bytes.parentID != 0 else { return nil }
        self.init(
            traceIDHigh: bytes.traceID.high, traceIDLow: bytes.traceID.low, parentID: bytes.parentID,
            isSampled: bytes.flags & 1 == 1)
    }

    var wireBytes: TraceBytes {
        TraceBytes(
            traceID: Bytes16(high: traceIDHigh, low: traceIDLow), parentID: parentID, flags: isSampled ? 1 : 0)
    }
}
