internal import StatorObjects
internal import StatorWire

/// What carries out unary calls where their bytes lie. Knows messages by their schemas only: what is generic is the
/// closure, which is compiled where its types are known. A class, so that it is counted as one thing.
final class ImmediateHandler: Sendable {
    /// Of the request.
    let schema: MessageSchema
    let carryOut: @Sendable (consuming MessageContent, CallContext) throws -> MessageContent

    init(
        _ schema: MessageSchema,
        _ carryOut: @escaping @Sendable (consuming MessageContent, CallContext) throws -> MessageContent
    ) {
        self.schema = schema
        self.carryOut = carryOut
    }
}

extension ConnectionCore {
    /// Carries out a unary call before the next frame is looked at. On the loop only.
    func carryOut(
        _ id: StreamID, _ request: UnsafeRawBufferPointer, _ context: CallContext,
        _ observation: ServerObservation?, _ handler: ImmediateHandler
    ) {
        do {
            let response = try handler.carryOut(try decode(request, handler.schema), context)
            try send(try encode(response), on: id, context)
            observation?.end(nil)
        } catch {
            let failure = RPCError(answering: error, of: context, logger)
            machine.finish(id, failure.status(for: loweringManifest))
            observation?.end(failure)
        }
    }

    private func decode(_ request: UnsafeRawBufferPointer, _ schema: MessageSchema) throws(RPCError) -> MessageContent {
        do {
            return try MessageContent(decoding: request, schema: schema, from: loweringManifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
    }

    private func encode(_ response: consuming MessageContent) throws(RPCError) -> MessageEncoding {
        do {
            return try response.encoding(for: loweringManifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .internal)
        }
    }

    private func send(_ encoding: MessageEncoding, on id: StreamID, _ context: CallContext) throws(RPCError) {
        switch machine.respond(id, encoding, endsStream: true) {
        case .sent, .streamEnded: return
        case .tooLong: throw .tooLong("response", encoding.byteCountMax)
        case .windowUsedUp, .noRoom:
            // The peer is behind with reading: the response waits in a task, which is accounted for as others are.
            startTask(id, context) { call in
                try await call.send(encoding, endsStream: true)
            }
        }
    }
}
