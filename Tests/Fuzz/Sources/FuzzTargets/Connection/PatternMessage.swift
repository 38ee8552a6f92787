import Glibc
import StatorWire

/// A message whose bytes follow from its seed and length, so that its receiver can tell it from all others.
struct PatternMessage: MessageBytes, Equatable {
    let length: Int
    let seed: UInt8
    /// How much more than the length is announced before it is written.
    var slack = 0

    /// Parts that were taken out of order or from another message are found by these.
    private static let stampInterval = 1024

    var byteCountMax: Int { length + slack }

    func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        require(buffer.count >= length, "a message got less room than it asked for")
        guard let start = buffer.baseAddress else { return 0 }
        memset(start, CInt(seed), length)
        for offset in stride(from: 0, through: length - 4, by: Self.stampInterval) {
            start.storeBytes(of: stamp(offset), toByteOffset: offset, as: UInt32.self)
        }
        return length
    }

    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == length else { return false }
        guard let start = bytes.baseAddress else { return true }
        var offset = 0
        while offset < length {
            let end = min(offset + Self.stampInterval, length)
            var plain = offset
            if length - offset >= 4 {
                guard bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == stamp(offset) else {
                    return false
                }
                plain += 4
            }
            if plain < end {
                // All bytes are the same when the first is right and each equals the next.
                guard bytes[plain] == seed, memcmp(start + plain, start + plain + 1, end - plain - 1) == 0 else {
                    return false
                }
            }
            offset = end
        }
        return true
    }

    private func stamp(_ offset: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: offset / Self.stampInterval &* 256) | UInt32(seed)
    }
}

/// Lengths around each limit that the protocol has, chosen by a few bits.
enum MessageLength {
    static let all = [
        0, 1, 12, 100, 1000, 5000,
        // What fits into an OPEN of one frame, and what into a MESSAGE.
        WireLimits.framePayloadLengthMax - 16, WireLimits.framePayloadLengthMax - 15,
        WireLimits.framePayloadLengthMax, WireLimits.framePayloadLengthMax + 1,
        2 * WireLimits.framePayloadLengthMax, 40_000, 100_000,
        WireLimits.initialWindow - WireLimits.messageOverhead, WireLimits.initialWindow + 1, 600_000,
    ]

    static func choose(_ choice: UInt8) -> Int { all[Int(choice) % all.count] }
}
