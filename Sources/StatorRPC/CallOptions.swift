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
    public var description: String { Self.hexadecimal(high) + Self.hexadecimal(low) }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// From its 16 bytes on the wire; the caller has checked their number.
    init(wireBytes: [UInt8]) {
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in wireBytes.enumerated() {
            if index < 8 { halves.0 = halves.0 << 8 | UInt64(byte) } else { halves.1 = halves.1 << 8 | UInt64(byte) }
        }
        self.init(high: halves.0, low: halves.1)
    }

    var wireBytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) } }
    }
}

/// How a call is to be made.
public struct CallOptions: Sendable {
    /// How long the call may take in all, waiting for a connection included; nil: as long as it takes.
    public var timeout: Duration?
    /// Nil: none. A channel gives each call of an idempotent method one.
    public var idempotencyKey: IdempotencyKey?
    /// Whether a channel that is not connected is waited for, within the timeout; else the call fails at once.
    public var waitForReady: Bool
    /// W3C trace context, 25 bytes, handed on as it came.
    package var traceContext: [UInt8]?

    public init(
        timeout: Duration? = .seconds(30), idempotencyKey: IdempotencyKey? = nil, waitForReady: Bool = true
    ) {
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
        self.waitForReady = waitForReady
    }

    var deadline: ContinuousClock.Instant? { timeout.map { .now.advanced(by: $0) } }
}
