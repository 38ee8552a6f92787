import StatorWire

/// A message of the simulation: it says of which call it is and which in its direction, and whether it is whole.
enum TestMessage {
    private static let headerLength = 8
    private static let markDistance = 1_000

    /// What is sent when so many bytes are asked for: nothing where the header does not fit.
    static func length(_ wanted: Int) -> Int { wanted < headerLength ? 0 : wanted }

    static func bytes(call: Int, number: Int, length wanted: Int) -> [UInt8] {
        let length = length(wanted)
        guard length > 0 else { return [] }
        var bytes = [UInt8](repeating: fill(call, number), count: length)
        // Marked all along, so that parts that are lost or swapped show.
        for index in stride(from: headerLength, to: length, by: markDistance) {
            bytes[index] = UInt8(truncatingIfNeeded: index / markDistance)
        }
        for index in 0..<4 {
            bytes[index] = UInt8(truncatingIfNeeded: call >> (8 * index))
            bytes[4 + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
        }
        return bytes
    }

    private static func fill(_ call: Int, _ number: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: call &* 7 &+ number &+ 1)
    }

    /// Whether these are the bytes of that message.
    static func matches(_ bytes: UnsafeRawBufferPointer, call: Int, number: Int, length wanted: Int) -> Bool {
        let length = length(wanted)
        guard bytes.count == length else { return false }
        guard length > 0 else { return true }
        for index in 0..<4 {
            guard bytes[index] == UInt8(truncatingIfNeeded: call >> (8 * index)) else { return false }
            guard bytes[4 + index] == UInt8(truncatingIfNeeded: number >> (8 * index)) else { return false }
        }
        for index in stride(from: headerLength, to: length, by: markDistance) {
            guard bytes[index] == UInt8(truncatingIfNeeded: index / markDistance) else { return false }
            if index + 1 < length, bytes[index + 1] != fill(call, number) { return false }
        }
        return true
    }
}
