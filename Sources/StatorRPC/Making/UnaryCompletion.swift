public import StatorObjects
internal import StatorWire

/// What is run, on the connection's loop, when a unary call that was made with it is over.
///
/// It can serve any number of calls, also at the same time: who makes many keeps one, and then a call takes no memory
/// of its own. Belongs to the loop of the connections that it is used with.
public struct UnaryCompletion<Response: VersionedMessage> {
    @usableFromInline
    let call: CompletedCall

    /// - Parameter body: Run once for each call.
    @inlinable
    public init(_ body: @escaping (Result<Response, RPCError>) -> Void) {
        call = CompletedCall(Response.schema) { result in
            switch consume result {
            case .success(let content): body(.success(Response(content: content)))
            case .failure(let error): body(.failure(error))
            }
        }
    }
}

/// Unary calls whose caller only waits for their ends: knows nothing of any single one.
@usableFromInline
final class CompletedCall: ClientCall {
    private let schema: MessageSchema
    private let completion: UnaryCall.Completion

    /// - Parameter schema: Of the responses.
    @usableFromInline
    init(_ schema: MessageSchema, _ completion: @escaping (consuming Result<MessageContent, RPCError>) -> Void) {
        self.schema = schema
        self.completion = completion
    }

    /// For one call, the end of which is told to that one too.
    func observed(by observation: ClientObservation) -> CompletedCall {
        CompletedCall(schema) { [completion] result in
            observation.end(result.failure)
            completion(result)
        }
    }

    override func receive(
        _ message: UnsafeRawBufferPointer, on id: StreamID, of core: ConnectionCore, endsStream: Bool
    ) {
        guard endsStream else { return receivePart(message, on: id, of: core) }
        do throws(ObjectError) {
            completion(.success(try MessageContent(decoding: message, schema: schema, from: core.loweringManifest)))
        } catch {
            completion(.failure(.unreadableResponse(error)))
        }
    }

    /// What came waits for the status in an object of the call's own.
    private func receivePart(_ message: UnsafeRawBufferPointer, on id: StreamID, of core: ConnectionCore) {
        let call = UnaryCall(core, schema, completion: completion)
        call.opened(id)
        core.clientCalls.remove(id)
        core.clientCalls.insert(call, as: id)
        call.receive(message, on: id, of: core, endsStream: false)
    }

    override func finish(_ error: RPCError?) {
        completion(.failure(error ?? .responseMissing))
    }
}
