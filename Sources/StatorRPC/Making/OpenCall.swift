internal import StatorObjects
internal import StatorWire

/// A call of this side's, as its connection keeps it.
enum OpenCall {
    /// A unary call whose caller only waits for its end: the cheapest, without an object of its own.
    case unary(responses: MessageSchema, UnaryCall.Completion)
    case object(any ClientCall)

    /// The call is over; nil: with status OK. On the loop only.
    func finish(_ error: RPCError?) {
        switch self {
        case .unary(_, let completion): completion(.failure(error ?? .responseMissing))
        case .object(let call): call.finish(error)
        }
    }

    func becomeWritable() {
        switch self {
        case .unary: return
        case .object(let call): call.becomeWritable()
        }
    }
}

extension ConnectionCore {
    /// A response came; valid during the call. On the loop only.
    func receive(_ message: UnsafeRawBufferPointer, on id: StreamID, endsStream: Bool) {
        guard endsStream else { return receivePart(message, on: id) }
        switch clientCalls.remove(id) {
        case .unary(let schema, let completion):
            do throws(ObjectError) {
                completion(.success(try MessageContent(decoding: message, schema: schema, from: loweringManifest)))
            } catch {
                completion(.failure(.unreadableResponse(error)))
            }
        case .object(let call): call.receive(message, endsStream: true)
        case nil: return
        }
    }

    private func receivePart(_ message: UnsafeRawBufferPointer, on id: StreamID) {
        switch clientCalls[id] {
        case .unary(let schema, let completion):
            // What came waits for the status in an object.
            let call = UnaryCall(self, schema, completion: completion)
            call.opened(id)
            clientCalls.remove(id)
            clientCalls.insert(.object(call), as: id)
            call.receive(message, endsStream: false)
        case .object(let call): call.receive(message, endsStream: false)
        case nil: return
        }
    }
}
