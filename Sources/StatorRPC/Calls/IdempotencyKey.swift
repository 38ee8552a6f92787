internal import StatorWire
internal import Synchronization

/// Names one intent of a caller: a repetition with the same key returns the first outcome.
public struct IdempotencyKey: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static func random() -> IdempotencyKey {
        IdempotencyKey(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }

    /// 32 hexadecimal digits.
    public var description: String { hexadecimal(high) + hexadecimal(low) }

    init(_ bytes: Bytes16) {
        self.init(high: bytes.high, low: bytes.low)
    }

    var wireBytes: Bytes16 { Bytes16(high: high, low: low) }
}

/// Makes the keys of one channel's calls: random once, then counted, since each call of the system for
/// randomness would cost more than the call that it is for.
final class IdempotencyKeySource: Sendable {
    private let high = UInt64.random(in: .min ... .max)
    private let low = Atomic<UInt64>(.random(in: .min ... .max))

    func next() -> IdempotencyKey {
        IdempotencyKey(high: high, low: low.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}

/// 16 lower-case hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
