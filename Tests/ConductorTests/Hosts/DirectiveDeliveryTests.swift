import Conductor
import StatorRPC
import StatorWire
import Testing

@Suite struct DirectiveDeliveryTests {
    @Test(arguments: [
        StatusCode.invalidArgument, .notFound, .alreadyExists, .permissionDenied, .failedPrecondition, .outOfRange,
        .unimplemented, .dataLoss, .unauthenticated,
    ])
    func `what will not pass is the host's refusal`(code: StatusCode) {
        #expect(DirectiveDelivery.result(of: RPCError(code, "no")) == .refused(code: code, message: "no"))
    }

    @Test(arguments: [
        StatusCode.cancelled, .unknown, .deadlineExceeded, .resourceExhausted, .aborted, .internal, .unavailable,
    ])
    func `what may pass leaves open whether the host has the directive`(code: StatusCode) {
        #expect(DirectiveDelivery.result(of: RPCError(code, "later")) == .unanswered)
    }
}
