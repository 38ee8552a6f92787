/// Takes choices from the front of the fuzzer's bytes.
struct InputReader {
    private var rest: UnsafeRawBufferPointer

    init(_ input: UnsafeRawBufferPointer) {
        rest = input
    }

    var isEmpty: Bool { rest.isEmpty }

    /// The next byte; 0 once they are used up.
    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    /// As many of the next bytes as are there.
    mutating func bytes(_ countMax: Int) -> UnsafeRawBufferPointer {
        let count = min(countMax, rest.count)
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }
}
