internal import CProtobufC

/// Memory for one message: taken from the front of a few chunks, given back all at once.
///
/// Not thread-safe while something allocates; who allocates owns the only message that does.
@safe final class Arena: @unchecked Sendable {
    // Sendable: only the storage that an arena was made for allocates from it, and only while that storage is
    // uniquely referenced; views of nested messages hold the arena without allocating.

    static let alignment = 8
    private static let chunkSizeMax = 1 << 20

    /// The bytes handed out.
    private(set) var allocatedCount = 0
    /// More was asked for than the limit allows.
    private(set) var isExhausted = false
    private let limit: Int
    private var chunks: [UnsafeMutableRawPointer] = unsafe []
    private var next: UnsafeMutableRawPointer
    private var remaining: Int
    private var chunkSize: Int

    init(capacity: Int, limit: Int = .max) {
        let size = max(capacity, 64)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
        unsafe chunks = [chunk]
        unsafe next = chunk
        remaining = size
        chunkSize = size
        self.limit = limit
    }

    deinit {
        for index in unsafe chunks.indices {
            unsafe chunks[index].deallocate()
        }
    }

    /// Memory that is not initialised, or nil when the limit is reached.
    func allocate(limited size: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= limit - allocatedCount else {
            isExhausted = true
            return nil
        }
        return unsafe allocate(size)
    }

    /// Memory that is not initialised, whatever the limit.
    func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let rounded = (max(size, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
        if rounded > remaining {
            chunkSize = max(rounded, min(chunkSize * 2, Self.chunkSizeMax))
            let chunk = UnsafeMutableRawPointer.allocate(byteCount: chunkSize, alignment: Self.alignment)
            unsafe chunks.append(chunk)
            unsafe next = chunk
            remaining = chunkSize
        }
        let result = unsafe next
        unsafe next += rounded
        remaining -= rounded
        allocatedCount += rounded
        return unsafe result
    }

    /// A copy of the bytes; nil when there are none.
    func copy(_ source: UnsafeRawPointer?, count: Int) -> UnsafeMutableRawPointer? {
        guard count > 0, let source = unsafe source else { return nil }
        let copy = unsafe allocate(count)
        unsafe copy.copyMemory(from: source, byteCount: count)
        return unsafe copy
    }

    /// Runs the body with this arena as protobuf-c's allocator, whose `free` does nothing.
    func withAllocator<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
        withExtendedLifetime(self) {
            var allocator = unsafe ProtobufCAllocator(
                alloc: { data, size in
                    guard let data = unsafe data, let size = Int(exactly: size) else { return nil }
                    return unsafe Unmanaged<Arena>.fromOpaque(data).takeUnretainedValue().allocate(limited: size)
                },
                free: { _, _ in },
                allocator_data: Unmanaged.passUnretained(self).toOpaque())
            return unsafe body(&allocator)
        }
    }
}
