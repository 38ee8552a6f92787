internal import StatorObjects
internal import StatorWire

/// A call that this side made, as its connection keeps it. Touched on the loop's thread only.
///
/// A class rather than a protocol: what is counted and called for each of many short calls is one plain reference.
@usableFromInline
class ClientCall {
    init() {}

    /// A response came; valid during the call. With `endsStream` the call is over, with status OK.
    func receive(_ message: UnsafeRawBufferPointer, on id: StreamID, of core: ConnectionCore, endsStream: Bool) {}

    /// The call is over; nil: with status OK.
    func finish(_ error: RPCError?) {}

    /// More requests may be sent.
    func becomeWritable() {}
}

extension RPCError {
    static func unreadableResponse(_ cause: ObjectError) -> RPCError {
        RPCError(.internal, "the peer's response cannot be read: \(cause.message)", cause: cause)
    }

    static let responseMissing = RPCError(.internal, "the peer ended the call without a response")
    static let responseRepeated = RPCError(.internal, "the peer sent a second response where there is to be one")
}
