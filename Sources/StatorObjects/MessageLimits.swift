/// What bounds a message from outside, whatever its declaration says.
public enum MessageLimits {
    /// The greatest length of an encoded message.
    public static let encodedLengthMax = 4 << 20
    /// How deep messages may be nested; protobuf-c recurses on the C stack.
    public static let nestingDepthMax = 32

    /// Memory for decoding: structs are larger than their encoding, but not without end.
    static func decodingMemoryMax(encodedLength: Int) -> Int {
        min(max(64 * encodedLength, 64 << 10), 64 << 20)
    }
}
