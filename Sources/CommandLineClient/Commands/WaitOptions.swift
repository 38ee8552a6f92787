internal import ArgumentParser
internal import ComputeMessages
internal import StatorRPC

/// Whether a command stays until what it began has ended.
struct WaitOptions: ParsableArguments, Sendable {
    @Flag(help: "Wait until the operation has ended, and fail if it did.") var wait = false

    /// Prints what was begun or, with `--wait`, what became of it.
    ///
    /// `table` makes the text of an operation that succeeded; one that did not is an error, after the JSON
    /// document has been printed.
    func conclude(
        _ begun: ServerOperationResponse, _ client: APIClient, _ output: OutputOptions,
        table: (ServerOperationResponse) -> String
    ) async throws {
        guard let operation = begun.operation else {
            throw CommandFailure(.failure, "the API named no operation in its answer")
        }
        guard wait else {
            output.print(begun, table: Phrase.outcome(of: operation))
            return
        }
        var answer = begun
        answer.operation = try await client.wait(for: operation)
        if let instance = try await client.instance(of: begun) { answer.instance = instance }
        if let failure = answer.operation.flatMap({ Phrase.failure(of: $0) }) {
            if output.format == .json { output.print(answer, table: "") }
            throw failure
        }
        output.print(answer, table: table(answer))
    }
}
