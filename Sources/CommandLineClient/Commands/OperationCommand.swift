internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

struct OperationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operation",
        abstract: "What was asked for, and what became of it.",
        subcommands: [OperationList.self, OperationShow.self])
}

struct OperationList: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List operations, newest first.")

    @Option(help: ArgumentHelp("Of this server only; name or id.", valueName: "server")) var server: String?
    @Option(help: ArgumentHelp("At most so many, 1 to 1000. Default: 100.", valueName: "n")) var limit: UInt32?
    @Flag(help: "All there are, page by page; needs an API and a conductor of release 0.2 or later.") var all = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if let limit, !ComputeLimits.listLimit.contains(limit) {
            throw ValidationError("--limit takes 1 to 1000")
        }
        if all, limit != nil { throw ValidationError("--all and --limit exclude each other") }
    }

    func execute(_ client: APIClient) async throws {
        if let server { _ = try ObjectReference(server, field: "the server's name") }
        var answer = ListOperationsResponse()
        answer.operations = try await client.listOperations(server: server, limit: limit, all: all)
        output.print(answer, list: "operations", table: Listing.operations(answer.operations))
    }
}

struct OperationShow: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an operation.",
        discussion: "With --wait the exit status is 5 when the operation has failed or was cancelled.")

    @Argument(help: "Its id.") var id: String
    @Flag(help: "Wait until it has ended, and fail if it did.") var wait = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { wait }

    func validate() throws {
        if ObjectID(id) == nil {
            throw ValidationError(
                "'\(id.singleLine)' is not the id of an operation; `stator operation list` shows them")
        }
    }

    func execute(_ client: APIClient) async throws {
        var request = OperationRequest()
        request.uuid = ObjectID(id)
        var answer = try await client.read { [request] api, options throws(RPCError) in
            try await api.getOperation(request, options: options)
        }
        if wait, let operation = answer.operation {
            answer.operation = try await client.wait(for: operation)
        }
        let operation = answer.operation ?? Operation()
        output.print(answer, table: Details.operation(operation))
        if wait, let failure = Phrase.failure(of: operation) { throw failure }
    }
}
