import Conductor
import StatorRPC
import StatorWire
import Testing

@Suite struct ConductorErrorTests {
    @Test func `every refusal has its own status code and keeps its sentence`() {
        let expected: [ConductorError.Code: StatusCode] = [
            .invalid: .invalidArgument, .notFound: .notFound, .ambiguous: .failedPrecondition,
            .alreadyExists: .alreadyExists, .wrongState: .failedPrecondition, .forbidden: .permissionDenied,
            .contended: .aborted, .exhausted: .resourceExhausted, .hostUnreachable: .unavailable,
        ]
        for code in ConductorError.Code.allCases {
            let error = ConductorError(code, "why").rpcError
            #expect(error.code == expected[code])
            #expect(error.message == "why")
        }
    }
}
