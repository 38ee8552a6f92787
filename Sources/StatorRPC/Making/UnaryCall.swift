internal import StatorObjects
internal import StatorReactor
internal import StatorWire

/// A call with one request and one response, which is decoded where it lies.
///
/// Knows the response's type by its schema only: one class for all of them keeps the runtime from looking up generic types
/// for each call. States: new → open → over. `@unchecked Sendable`: touched on the loop's thread only, which `cancel`
/// sees to.
final class UnaryCall: ClientCall, @unchecked Sendable {
    /// Takes the response over, which then is not counted for it.
    typealias Completion = (consuming Result<MessageContent, RPCError>) -> Void

    private enum State {
        /// Cancelled or not, before it is opened.
        case new(isCancelled: Bool)
        case open(StreamID)
        case over
    }

    private let core: ConnectionCore
    private let schema: MessageSchema
    private var state = State.new(isCancelled: false)
    /// What came without END_STREAM and waits for the status.
    private var response: MessageContent?
    private var completion: Completion?

    /// - Parameters:
    ///   - schema: Of the response.
    ///   - completion: Run once, on the loop, when the call is over; not when there was no room to begin it.
    init(_ core: ConnectionCore, _ schema: MessageSchema, completion: Completion? = nil) {
        self.core = core
        self.schema = schema
        self.completion = completion
        super.init()
    }

    func onEnd(_ completion: @escaping Completion) {
        self.completion = completion
    }

    /// False: the call was given up before it began, and is over.
    var mayBegin: Bool {
        guard case .new(isCancelled: true) = state else { return true }
        end(.failure(.cancelled()))
        return false
    }

    func opened(_ id: StreamID) {
        state = .open(id)
    }

    override func receive(
        _ message: UnsafeRawBufferPointer, on id: StreamID, of core: ConnectionCore, endsStream: Bool
    ) {
        guard response == nil else { return giveUp(.responseRepeated) }
        do throws(ObjectError) {
            let content = try MessageContent(decoding: message, schema: schema, from: core.loweringManifest)
            if endsStream { end(.success(content)) } else { response = content }
        } catch {
            let failure = RPCError.unreadableResponse(error)
            if endsStream { end(.failure(failure)) } else { giveUp(failure) }
        }
    }

    override func finish(_ error: RPCError?) {
        if let error { return end(.failure(error)) }
        end(response.map(Result.success) ?? .failure(.responseMissing))
    }

    /// Gives the call up and tells the peer; a no-op when it is over. From any thread.
    func cancel() {
        core.loop.run { [self] in giveUp(.cancelled()) }
    }

    private func giveUp(_ error: RPCError) {
        switch state {
        case .new: state = .new(isCancelled: true)
        case .open(let id):
            core.cancel(id)
            end(.failure(error))
        case .over: return
        }
    }

    private func end(_ result: Result<MessageContent, RPCError>) {
        state = .over
        guard let completion else { return }
        self.completion = nil
        completion(result)
    }
}
