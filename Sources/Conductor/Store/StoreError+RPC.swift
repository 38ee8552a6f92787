package import StatorRPC
internal import StatorWire

extension StoreError: RPCErrorConvertible {
    package var rpcError: RPCError {
        switch code {
        case .notFound: RPCError(.notFound, message, cause: self)
        case .alreadyExists: RPCError(.alreadyExists, message, cause: self)
        case .ambiguousName, .idempotencyKeyReused, .identityMismatch, .fenced, .reportGap:
            RPCError(.failedPrecondition, message, cause: self)
        case .lostRace, .contention: RPCError(.aborted, message, cause: self)
        case .insufficientCapacity: RPCError(.resourceExhausted, message, cause: self)
        case .invalidArgument: RPCError(.invalidArgument, message, cause: self)
        // The caller may repeat it, with its idempotency key.
        case .unavailable, .outcomeUnknown: RPCError(.unavailable, message, cause: self)
        case .schemaMismatch: RPCError(.failedPrecondition, message, cause: self)
        case .internal: RPCError(.internal, message, cause: self)
        }
    }
}
