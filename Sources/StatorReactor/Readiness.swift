/// What a registration waits for.
public struct Interest: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let read = Interest(rawValue: 1)
    public static let write = Interest(rawValue: 2)
}

/// What became possible on a descriptor.
///
/// With `hangup` or `error` come also `readable` and `writable`, as far as the interest names them, so that a handler
/// that just reads and writes meets the error there.
public struct Readiness: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let readable = Readiness(rawValue: 1)
    public static let writable = Readiness(rawValue: 2)
    /// Both directions are shut.
    public static let hangup = Readiness(rawValue: 4)
    /// An error is pending on the descriptor; reading, writing or `finishConnect` tells which.
    public static let error = Readiness(rawValue: 8)
}

/// Is told on the loop's thread what became possible on a registered descriptor.
///
/// Readiness is level-triggered: it is told again every turn until it is used up, the interest in it is given up, or the
/// descriptor is deregistered. A handler does a bounded amount of work per call, so that one busy peer starves nobody.
public protocol ReadinessHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// A descriptor's place in a loop. An event of an earlier registration of the same number is never told to a later one.
public struct Registration: Hashable, Sendable {
    public let descriptor: CInt
    let generation: UInt32

    init(descriptor: CInt, generation: UInt32) {
        self.descriptor = descriptor
        self.generation = generation
    }

    /// The form in which epoll carries it.
    var tag: UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    init(tag: UInt64) {
        descriptor = CInt(bitPattern: UInt32(truncatingIfNeeded: tag))
        generation = UInt32(truncatingIfNeeded: tag >> 32)
    }
}
