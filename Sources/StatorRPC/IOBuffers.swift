internal import StatorTLS

/// Scratch memory that all connections of one loop share, so that an idle connection holds none.
///
/// Used for the length of one call on the loop's thread, each for its own purpose.
final class IOBuffers {
    /// How much is read from a socket, and how much plaintext is written to it, at once.
    static let burstLength = 64 * 1024
    /// What a connection may leave of one burst to be seen again with the next: less than a frame.
    static let restLengthMax = 16 * 1024

    /// Bytes read from a socket.
    let received = UnsafeMutableRawBufferPointer.allocate(byteCount: burstLength, alignment: 16)
    /// Bytes that came out of TLS: the rest of the burst before, and all of one burst and of a record before it.
    let plaintext = UnsafeMutableRawBufferPointer.allocate(
        byteCount: restLengthMax + TLSEngine.recordPlaintextMax + burstLength, alignment: 16)
    /// Bytes to be written to a socket: a burst in records.
    let toSend = UnsafeMutableRawBufferPointer.allocate(
        byteCount: burstLength + (burstLength / TLSEngine.recordPlaintextMax + 4) * TLSEngine.recordOverhead,
        alignment: 16)

    deinit {
        received.deallocate()
        plaintext.deallocate()
        toSend.deallocate()
    }
}
