internal import StatorObjects
internal import StatorWire

/// A unary call that is carried out where its bytes lie, before the next frame is looked at. On the loop only.
struct ImmediateCall {
    let core: ConnectionCore
    let id: StreamID
    let request: UnsafeRawBufferPointer
    let context: CallContext
    let observation: ServerObservation?

    func carryOut<Request: VersionedMessage, Response: VersionedMessage>(
        _ handler: (Request, CallContext) throws -> Response
    ) {
        do {
            let request = try decode(Request.self)
            let response = try handler(request, context)
            try send(try encode(response))
            observation?.end(nil)
        } catch {
            let failure = RPCError(answering: error, of: context, core.logger)
            core.machine.finish(id, failure.status(for: core.loweringManifest))
            observation?.end(failure)
        }
    }

    private func decode<Request: VersionedMessage>(_ type: Request.Type) throws(RPCError) -> Request {
        do {
            return Request(
                content: try MessageContent(decoding: request, schema: Request.schema, from: core.loweringManifest))
        } catch {
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
    }

    private func encode(_ response: some VersionedMessage) throws(RPCError) -> MessageEncoding {
        do {
            return try response.encoding(for: core.loweringManifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .internal)
        }
    }

    private func send(_ encoding: MessageEncoding) throws(RPCError) {
        switch core.machine.respond(id, encoding, endsStream: true) {
        case .sent, .streamEnded: return
        case .tooLong: throw .tooLong("response", encoding.byteCountMax)
        case .windowUsedUp, .noRoom:
            // The peer is behind with reading: the response waits in a task, which is accounted for as others are.
            core.startTask(id, context) { call in
                try await call.send(encoding, endsStream: true)
            }
        }
    }
}
