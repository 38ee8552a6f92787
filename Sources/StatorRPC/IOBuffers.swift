/// Scratch memory that all connections of one loop share, so that an idle connection holds none.
///
/// Used for the length of one call on the loop's thread, each for its own purpose.
final class IOBuffers {
    static let length = 64 * 1024

    /// Bytes read from a socket.
    let received = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
    /// Bytes that came out of TLS; one record at most.
    let plaintext = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    /// Bytes to be written to a socket.
    let toSend = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)

    deinit {
        received.deallocate()
        plaintext.deallocate()
        toSend.deallocate()
    }
}
