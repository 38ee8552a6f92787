import CommandLineClient
import ComputeMessages
import ComputeObjects
import StatorObjects
import StatorRPC
import StatorWire
import Testing

@Suite struct CommandStatusTests {
    @Test(arguments: StatusCode.allCases)
    func `each code of the API has its status`(code: StatusCode) {
        let expected: CommandStatus
        switch code {
        case .ok: expected = .success
        case .notFound: expected = .notFound
        case .unavailable, .deadlineExceeded: expected = .unreachable
        default: expected = .failure
        }
        #expect(CommandStatus(code) == expected)
    }

    @Test func `the numbers are a promise to scripts, and help lists them`() {
        #expect(CommandStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5])
        for status in CommandStatus.allCases {
            #expect(CommandStatus.explanation.contains("\n  \(status.rawValue)  "))
        }
    }

    @Test func `an error of the API is printed as its sentence in one line`() {
        let error = RPCError(.notFound, "there is no flavor 'huge';\n`stator flavor list` shows which there are")
        let failure = CommandFailure(describing: error)
        #expect(failure.status == .notFound)
        #expect(failure.message == "there is no flavor 'huge'; `stator flavor list` shows which there are")
    }

    @Test func `an error without words is named by its code`() {
        let failure = CommandFailure(describing: RPCError(.internal, ""))
        #expect(failure == CommandFailure(.failure, "the API answered INTERNAL"))
    }

    @Test func `an operation that failed says why and where to read more`() throws {
        let id = try #require(ObjectID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"))
        var fault = Fault()
        fault.message = "no host has 4096 MB free"
        var operation = Operation()
        operation.uuid = id
        operation.kind = .create
        operation.instanceName = "web"
        operation.state = .failed
        operation.fault = fault
        let failure = try #require(Phrase.failure(of: operation))
        #expect(failure.status == .operationFailed)
        #expect(
            failure.message
                == "create of server 'web' failed: no host has 4096 MB free; `stator operation show \(id)` tells more")
        operation.state = .succeeded
        #expect(Phrase.failure(of: operation) == nil)
        operation.state = .cancelled
        #expect(Phrase.failure(of: operation)?.status == .operationFailed)
    }
}
