internal import COpenSSL

/// The memory that a caller lends OpenSSL for the length of one call: what came from the socket, and room for what is
/// to go there. OpenSSL reads and writes it in place through a BIO, which holds nothing between calls.
@safe struct EngineIO {
    /// What is left of the input.
    private(set) var input: UnsafeRawBufferPointer
    private(set) var output: CiphertextBuffer

    init(input: UnsafeRawBufferPointer, output: CiphertextBuffer) {
        unsafe self.input = input
        self.output = output
    }

    /// False: there is no input left.
    fileprivate mutating func read(into target: UnsafeMutableRawPointer, count: Int, taken: inout Int) -> Bool {
        guard let source = unsafe input.baseAddress, unsafe !input.isEmpty else {
            return false
        }
        taken = min(count, unsafe input.count)
        unsafe target.copyMemory(from: source, byteCount: taken)
        unsafe input = UnsafeRawBufferPointer(start: source + taken, count: input.count - taken)
        return true
    }

    /// False: there is no room left.
    fileprivate mutating func write(_ source: UnsafeRawPointer, count: Int, taken: inout Int) -> Bool {
        guard let target = unsafe output.memory.baseAddress, output.room > 0 else {
            return false
        }
        taken = min(count, output.room)
        unsafe (target + output.count).copyMemory(from: source, byteCount: taken)
        output.count += taken
        return true
    }

    /// A BIO that has nothing to read and takes nothing until memory is lent; nil without memory.
    static func makeBIO() -> OpaquePointer? {
        guard let bio = unsafe BIO_new(method.pointer) else {
            return nil
        }
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    /// Forgets what is left of the input that was lent for this call.
    static func dropInput(of bio: OpaquePointer?) {
        guard let io = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: EngineIO.self) else {
            return
        }
        unsafe io.pointee.input = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// OpenSSL's table of the functions below.
    ///
    /// `@unchecked Sendable`: not changed once it is made, and never freed.
    @safe private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    // One for the process: OpenSSL gives out few numbers for kinds of BIO.
    private static let method: Method = {
        let kind = BIO_get_new_index() | CInt(BIO_TYPE_SOURCE_SINK)
        let pointer = unsafe BIO_meth_new(kind, "memory lent for a call")
        unsafe BIO_meth_set_read_ex(pointer, readFromLentMemory)
        unsafe BIO_meth_set_write_ex(pointer, writeToLentMemory)
        unsafe BIO_meth_set_ctrl(pointer, answerControl)
        return unsafe Method(pointer: pointer)
    }()
}

private let retryFlags = CInt(BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)

private let readFromLentMemory:
    @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int>?) -> CInt = {
        bio, target, count, taken in
        unsafe BIO_clear_flags(bio, retryFlags)
        if let io = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: EngineIO.self), let target = unsafe target,
            let taken = unsafe taken, unsafe io.pointee.read(into: target, count: count, taken: &taken.pointee)
        {
            return 1
        }
        unsafe BIO_set_flags(bio, CInt(BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY))
        return -1
    }

private let writeToLentMemory:
    @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int, UnsafeMutablePointer<Int>?) -> CInt = {
        bio, source, count, taken in
        unsafe BIO_clear_flags(bio, retryFlags)
        if let io = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: EngineIO.self), let source = unsafe source,
            let taken = unsafe taken, unsafe io.pointee.write(source, count: count, taken: &taken.pointee)
        {
            return 1
        }
        unsafe BIO_set_flags(bio, CInt(BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY))
        return -1
    }

/// Flushing is all that is asked of it: nothing is held back.
private let answerControl: @convention(c) (OpaquePointer?, CInt, CLong, UnsafeMutableRawPointer?) -> CLong = {
    _, command, _, _ in
    command == BIO_CTRL_FLUSH ? 1 : 0
}
