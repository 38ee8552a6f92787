/// Frames that wait to be written to the peer, in raw memory of which an idle connection holds none.
package struct OutboundBuffer: ~Copyable {
    /// What an empty buffer keeps for the next burst until the connection is idle.
    private static let keptLengthMax = 64 * 1024
    private static let lengthMin = 512

    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0
    /// Of all bytes that ever were in it, how many have been sent.
    private(set) var sentCount: UInt64 = 0

    package init() {}

    deinit {
        base?.deallocate()
    }

    /// How many bytes wait.
    package var count: Int { end - start }
    /// How many bytes of memory it holds.
    package var heldCount: Int { capacity }

    /// The bytes that wait, oldest first; valid inside the closure.
    package borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: base.map { UnsafeRawPointer($0) + start }, count: end - start))
    }

    /// Forgets the oldest `count` bytes: they have been written.
    package mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= end - start, "more bytes were written than waited")
        start += count
        sentCount += UInt64(count)
        guard start == end else { return }
        start = 0
        end = 0
        // A great burst's memory is not kept.
        if capacity > Self.keptLengthMax { release() }
    }

    /// Gives the memory back when nothing waits: for connections on which nothing happens.
    mutating func releaseIfEmpty() {
        if start == end { release() }
    }

    private mutating func release() {
        base?.deallocate()
        base = nil
        capacity = 0
        start = 0
        end = 0
    }

    /// Room for `count` bytes behind what waits; `commit` says how many were written there.
    @inline(__always)
    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if let base, capacity - end >= count { return base + end }
        return makeRoom(count)
    }

    @inline(never)
    private mutating func makeRoom(_ count: Int) -> UnsafeMutableRawPointer {
        let waiting = end - start
        let needed = waiting + count
        // No byte is moved twice for one that was sent.
        if let base, needed <= capacity, start >= waiting {
            base.copyMemory(from: base + start, byteCount: waiting)
            start = 0
            end = waiting
            return base + end
        }
        let larger = max(Self.lengthMin, capacity * 2, needed)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        if let base {
            memory.copyMemory(from: base + start, byteCount: waiting)
            base.deallocate()
        }
        base = memory
        capacity = larger
        start = 0
        end = waiting
        return memory + end
    }

    /// The first `count` bytes of what was reserved belong to what waits.
    @inline(__always)
    mutating func commit(_ count: Int) {
        end += count
    }

    mutating func append(_ header: FrameHeader) {
        header.write(to: reserve(WireLimits.frameHeaderLength))
        commit(WireLimits.frameHeaderLength)
    }

    mutating func append(_ value: some FixedWidthInteger & BitwiseCopyable) {
        let size = MemoryLayout.size(ofValue: value)
        reserve(size).storeBigEndian(value, at: 0)
        commit(size)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        commit(bytes.count)
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }
}

extension FrameHeader {
    /// Writes the twelve bytes, the first eight with one store.
    @inline(__always)
    func write(to start: UnsafeMutableRawPointer) {
        let word =
            UInt64(truncatingIfNeeded: payloadLength) << 32 | UInt64(type.rawValue) << 24
            | UInt64(flags.rawValue) << 16
        start.storeBigEndian(word, at: 0)
        start.storeBigEndian(stream.rawValue, at: 8)
    }
}

extension UnsafeMutableRawPointer {
    @inline(__always)
    func storeBigEndian(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
    }
}
