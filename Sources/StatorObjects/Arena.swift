internal import CProtobufC

/// What every size of an arena is rounded up to, and every address is a multiple of.
let arenaAlignment = 8
private let chunkSizeMax = 1 << 20
/// In front of each chunk but the first: the address of the chunk before it.
private let chunkHeaderSize = 16

/// Memory that is taken from the front of a few chunks and given back all at once.
///
/// The first chunk is the caller's; this struct is the book-keeping, which whoever owns the chunk also owns.
/// protobuf-c asks some seventy times for each message, so it works on this plain struct through a pointer:
/// no reference is counted and no access is checked on the way.
@unsafe struct ArenaState {
    /// The next free byte, always aligned.
    fileprivate var next: UnsafeMutableRawPointer
    /// The end of the current chunk, always aligned.
    fileprivate var end: UnsafeMutableRawPointer
    private var start: UnsafeMutableRawPointer
    /// The bytes handed out from the chunks before the current one.
    private var usedBefore = 0
    /// The bytes that chunks may still take.
    private var allowance: Int
    private var chunkSize: Int
    /// The newest chunk that is not the caller's.
    private var newestChunk: UnsafeMutableRawPointer?
    /// More was asked for than the limit allows.
    fileprivate(set) var isExhausted = false

    /// An arena over a first chunk, both ends of which are aligned; `limit` bounds the bytes of all chunks.
    init(_ chunk: UnsafeMutableRawBufferPointer, end: UnsafeMutableRawPointer, limit: Int) {
        unsafe start = unsafe end - chunk.count
        unsafe next = unsafe start
        unsafe self.end = unsafe end
        unsafe chunkSize = chunk.count
        unsafe allowance = max(0, limit - chunk.count)
    }

    /// The bytes handed out.
    var usedCount: Int { unsafe usedBefore + (next - start) }

    /// The slow path: memory from a new chunk, or nil when the limit is reached.
    fileprivate mutating func allocateFromNewChunk(_ size: Int, isLimited: Bool) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= Int.max - arenaAlignment, unsafe !isLimited || size <= allowance else {
            unsafe isExhausted = true
            return nil
        }
        let rounded = (size + arenaAlignment - 1) & ~(arenaAlignment - 1)
        var wanted = unsafe max(rounded, min(chunkSize * 2, chunkSizeMax))
        if isLimited { wanted = unsafe max(rounded, min(wanted, allowance & ~(arenaAlignment - 1))) }
        let chunk = UnsafeMutableRawPointer.allocate(
            byteCount: wanted + chunkHeaderSize, alignment: arenaAlignment)
        unsafe chunk.storeBytes(of: newestChunk, as: UnsafeMutableRawPointer?.self)
        unsafe usedBefore = unsafe usedCount
        unsafe newestChunk = unsafe chunk
        unsafe start = unsafe chunk + chunkHeaderSize
        unsafe next = unsafe start + rounded
        unsafe end = unsafe start + wanted
        unsafe chunkSize = wanted
        unsafe allowance = unsafe max(0, allowance - wanted)
        return unsafe start
    }

    /// Gives all chunks but the first back.
    mutating func deallocate() {
        while let chunk = unsafe newestChunk {
            unsafe newestChunk = unsafe chunk.load(as: UnsafeMutableRawPointer?.self)
            unsafe chunk.deallocate()
        }
    }
}

/// An arena to allocate from; whoever uses it keeps the storage alive that it belongs to.
///
/// Not thread-safe: only the sole owner of a storage allocates from its arena.
@unsafe struct Arena {
    let state: UnsafeMutablePointer<ArenaState>

    init(_ state: UnsafeMutablePointer<ArenaState>) {
        unsafe self.state = unsafe state
    }

    var isExhausted: Bool { unsafe state.pointee.isExhausted }

    /// Memory that is not initialised, or nil when the limit is reached.
    @inline(__always)
    func allocate(limited size: Int) -> UnsafeMutableRawPointer? {
        unsafe allocate(size, isLimited: true)
    }

    /// Memory that is not initialised, whatever the limit.
    func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        guard let memory = unsafe allocate(size, isLimited: false) else {
            preconditionFailure("an arena was asked for \(size) bytes")
        }
        return unsafe memory
    }

    @inline(__always)
    private func allocate(_ size: Int, isLimited: Bool) -> UnsafeMutableRawPointer? {
        let next = unsafe state.pointee.next
        // Unsigned, so that a size below 0 is too large. What remains is a multiple of the alignment, so a size that
        // fits still fits when it is rounded up.
        guard unsafe UInt(truncatingIfNeeded: size) <= UInt(bitPattern: state.pointee.end - next) else {
            return unsafe state.pointee.allocateFromNewChunk(size, isLimited: isLimited)
        }
        unsafe state.pointee.next = unsafe next + ((size &+ arenaAlignment - 1) & ~(arenaAlignment - 1))
        return unsafe next
    }

    /// A copy of the bytes; nil when there are none.
    func copy(_ source: UnsafeRawPointer?, count: Int) -> UnsafeMutableRawPointer? {
        guard count > 0, let source = unsafe source else { return nil }
        let copy = unsafe allocate(count)
        unsafe copy.copyMemory(from: source, byteCount: count)
        return unsafe copy
    }

    /// A copy of the bytes in protobuf-c's form.
    func binaryData(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        let copy = unsafe copy(bytes.baseAddress, count: bytes.count)
        return unsafe ProtobufCBinaryData(len: bytes.count, data: copy?.assumingMemoryBound(to: UInt8.self))
    }

    /// This arena in the form that protobuf-c takes; its `free` does nothing.
    var allocator: ProtobufCAllocator {
        unsafe ProtobufCAllocator(
            alloc: { data, size in unsafe allocateForProtobufC(data, size) },
            free: { _, _ in },
            allocator_data: state)
    }
}

@inline(__always)
private func allocateForProtobufC(_ data: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    guard let data = unsafe data else { return nil }
    return unsafe Arena(data.assumingMemoryBound(to: ArenaState.self)).allocate(limited: size)
}
