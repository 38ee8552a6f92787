/// A message of the peer's that comes in several frames, or an OPEN whose message has not begun.
struct MessageAssembly {
    /// What OPEN said, when this is its message.
    struct Call {
        let header: CallHeader
        let deadline: WireInstant?
    }

    let stream: StreamID
    let call: Call?
    var bytes: [UInt8] = []
}

/// The messages that are under way, at most `longMessagesMax` of them, and the OPENs that wait for theirs.
///
/// Streams know by their `isAssembling` whether they have one here, so that other frames need no search.
struct MessageAssemblies {
    private var assemblies: [MessageAssembly] = []
    /// Those of which something has come.
    private(set) var underWayCount = 0

    /// How many bytes are kept.
    var byteCount: Int { assemblies.reduce(0) { $0 + $1.bytes.count } }

    /// OPEN came without its message.
    mutating func begin(_ stream: StreamID, _ call: MessageAssembly.Call) {
        assemblies.append(MessageAssembly(stream: stream, call: call))
    }

    /// The first part of a message came.
    mutating func begin(
        _ stream: StreamID, _ call: MessageAssembly.Call?, _ part: UnsafeRawBufferPointer
    ) throws(WireViolation) {
        try countOneMore()
        assemblies.append(MessageAssembly(stream: stream, call: call, bytes: [UInt8](part)))
    }

    private mutating func countOneMore() throws(WireViolation) {
        guard underWayCount < WireLimits.longMessagesMax else {
            throw WireViolation(
                .limitExceeded, "more than \(WireLimits.longMessagesMax) messages of several frames at a time")
        }
        underWayCount += 1
    }

    /// Whether the stream's message is still to begin.
    func isEmpty(_ stream: StreamID) -> Bool {
        assemblies.first { $0.stream == stream }?.bytes.isEmpty ?? true
    }

    /// A further part came, behind which more will.
    mutating func append(_ part: UnsafeRawBufferPointer, to stream: StreamID) throws(WireViolation) {
        guard let index = assemblies.firstIndex(where: { $0.stream == stream }) else { return }
        if assemblies[index].bytes.isEmpty { try countOneMore() }
        try Self.append(part, to: &assemblies[index])
    }

    /// The last part came: the message is whole and no longer here.
    mutating func finish(
        _ stream: StreamID, _ part: UnsafeRawBufferPointer
    ) throws(WireViolation) -> MessageAssembly? {
        guard var assembly = take(stream) else { return nil }
        // What came in one frame is not copied.
        if !assembly.bytes.isEmpty { try Self.append(part, to: &assembly) }
        return assembly
    }

    private static func append(
        _ part: UnsafeRawBufferPointer, to assembly: inout MessageAssembly
    ) throws(WireViolation) {
        guard assembly.bytes.count + part.count <= WireLimits.messageLengthMax else {
            throw WireViolation(.limitExceeded, "a message of more than \(WireLimits.messageLengthMax) bytes")
        }
        assembly.bytes.append(contentsOf: part)
    }

    /// Takes out what has come of a stream's message.
    @discardableResult
    mutating func take(_ stream: StreamID) -> MessageAssembly? {
        guard let index = assemblies.firstIndex(where: { $0.stream == stream }) else { return nil }
        let assembly = assemblies.remove(at: index)
        if !assembly.bytes.isEmpty { underWayCount -= 1 }
        if assemblies.isEmpty { assemblies = [] }
        return assembly
    }

    mutating func removeAll() {
        self = MessageAssemblies()
    }
}
