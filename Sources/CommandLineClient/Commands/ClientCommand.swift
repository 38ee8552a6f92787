internal import ArgumentParser
internal import ComputeObjects
internal import StatorRPC
internal import StatorWire

/// A command that asks the API for something.
protocol ClientCommand: AsyncParsableCommand, Sendable {
    var connection: ConnectionOptions { get }
    /// True when the command stays until an operation has ended.
    var waits: Bool { get }
    /// True when the API refuses it to users.
    var isForOperators: Bool { get }

    /// The command's work, on the client's loop; it prints what it has to say.
    func execute(_ client: APIClient) async throws
}

extension ClientCommand {
    var waits: Bool { false }
    var isForOperators: Bool { false }

    func run() async throws {
        do {
            let settings = try connection.settings(waits: waits)
            try await withAPIClient(settings) { client in
                do {
                    try await execute(client)
                } catch let error as RPCError where error.code == .permissionDenied && isForOperators {
                    throw CommandFailure(
                        .failure, "\(error.message.singleLine); this command takes an operator's certificate")
                }
            }
        } catch let error as ValidationError {
            // The command itself was understood: its usage would only hide the sentence.
            throw CommandFailure(.usage, error.message)
        }
    }
}
