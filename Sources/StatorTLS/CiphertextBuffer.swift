/// Where an engine puts what is to be sent: memory of the caller's, filled from the front.
///
/// The memory is the caller's to keep until the last use of the buffer. Copies fill the same memory.
@safe public struct CiphertextBuffer {
    let memory: UnsafeMutableRawBufferPointer
    /// How many bytes are to be sent.
    public internal(set) var count = 0

    public init(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe self.memory = memory
    }

    /// What is to be sent; valid until more is put in.
    public var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// How many bytes more it takes.
    public var room: Int {
        unsafe memory.count - count
    }

    /// Forgets the bytes, once they are sent or kept elsewhere.
    public mutating func removeAll() {
        count = 0
    }
}
