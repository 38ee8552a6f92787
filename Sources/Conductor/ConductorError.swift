package import StatorRPC
internal import StatorWire

/// Why the conductor refuses a request, in a sentence that the caller can act on.
package struct ConductorError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, CaseIterable {
        /// The request says something impossible.
        case invalid
        /// Nothing of that name or id is visible to the requester.
        case notFound
        /// Several have that name.
        case ambiguous
        case alreadyExists
        /// The state of what is asked for forbids it.
        case wrongState
        /// The caller's certificate does not allow it.
        case forbidden
        /// Somebody else changed it in between, again and again.
        case contended
        /// A bound of this conductor is reached.
        case exhausted
        /// The host's connection is nowhere at the moment.
        case hostUnreachable
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

extension ConductorError: RPCErrorConvertible {
    package var rpcError: RPCError {
        switch code {
        case .invalid: RPCError(.invalidArgument, message)
        case .notFound: RPCError(.notFound, message)
        case .ambiguous: RPCError(.failedPrecondition, message)
        case .alreadyExists: RPCError(.alreadyExists, message)
        case .wrongState: RPCError(.failedPrecondition, message)
        case .forbidden: RPCError(.permissionDenied, message)
        case .contended: RPCError(.aborted, message)
        case .exhausted: RPCError(.resourceExhausted, message)
        case .hostUnreachable: RPCError(.unavailable, message)
        }
    }
}
