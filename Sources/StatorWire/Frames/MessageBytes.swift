/// A message that is to be sent, encoded straight into the send buffer: its exact length need not be known before.
package protocol MessageBytes {
    /// An upper bound of the length; exact when it is above one frame's payload.
    var byteCountMax: Int { get }
    /// Writes the message and returns its length.
    func write(into buffer: UnsafeMutableRawBufferPointer) -> Int
}

extension [UInt8]: MessageBytes {
    package var byteCountMax: Int { count }

    package func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        buffer.copyBytes(from: self)
        return count
    }
}

extension MessageBytes {
    /// The encoded message, for where it has to wait.
    func encoded() -> [UInt8] {
        let lengthMax = byteCountMax
        return [UInt8](unsafeUninitializedCapacity: lengthMax) { buffer, count in
            count = Swift.min(write(into: UnsafeMutableRawBufferPointer(buffer)), lengthMax)
        }
    }
}

/// A message that came: in the input of `next`, or assembled from several frames.
package enum WireMessage: Equatable, Sendable {
    /// Where it lies in the input, which it is not copied from.
    case inPlace(Range<Int>)
    case assembled([UInt8])

    package var byteCount: Int {
        switch self {
        case .inPlace(let range): range.count
        case .assembled(let bytes): bytes.count
        }
    }

    /// The message's bytes; valid inside the closure. `input` is that of the `next` which returned it.
    package func withBytes<Result, Failure: Error>(
        in input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .inPlace(let range): return try body(UnsafeRawBufferPointer(rebasing: input[range]))
        case .assembled(let bytes):
            return try bytes.span.withUnsafeBytes { (buffer) throws(Failure) in try body(buffer) }
        }
    }
}
