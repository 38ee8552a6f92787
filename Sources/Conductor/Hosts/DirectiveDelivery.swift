internal import ComputeMessages
internal import StatorObjects
package import StatorRPC
internal import StatorWire

/// Sends directives over the connections that hosts have opened to this conductor.
package struct DirectiveDelivery: Sendable {
    /// A host only writes the directive to its journal before it answers.
    package static let answerTimeout: Duration = .seconds(10)

    package init() {}

    /// Never throws: what went wrong is a value to decide on.
    func deliver(
        _ directive: Directive, over attachment: AttachedHosts.Attachment
    ) async -> OperationStateMachine.DirectiveResult {
        var request = ExecuteRequest()
        request.directive = directive
        do {
            let response = try await HostControlClient(attachment.connection)
                .execute(request, options: CallOptions(timeout: Self.answerTimeout))
            return response.accepted == false ? .alreadyKnown : .accepted
        } catch {
            return Self.result(of: error)
        }
    }

    /// Tells what a host or the lowering to its version refuses for good from what may pass.
    package static func result(of error: RPCError) -> OperationStateMachine.DirectiveResult {
        switch error.code {
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .failedPrecondition, .outOfRange,
            .unimplemented, .dataLoss, .unauthenticated:
            .refused(code: error.code, message: error.message)
        case .ok, .cancelled, .unknown, .deadlineExceeded, .resourceExhausted, .aborted, .internal, .unavailable:
            .unanswered
        }
    }
}
