internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

struct ServerStart: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start a stopped server.")

    @Argument(help: "Name or id.") var server: String
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        let request = try ServerRequest(naming: server)
        let begun = try await client.mutate { api, options throws(RPCError) in
            try await api.startServer(request, options: options)
        }
        try await waiting.conclude(begun, client, output) { Phrase.state(of: $0) }
    }
}

struct ServerStop: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a server: the guest is asked to shut down, then its power is cut.")

    @Argument(help: "Name or id.") var server: String
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        let request = try ServerRequest(naming: server)
        let begun = try await client.mutate { api, options throws(RPCError) in
            try await api.stopServer(request, options: options)
        }
        try await waiting.conclude(begun, client, output) { Phrase.state(of: $0) }
    }
}

struct ServerReboot: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "reboot", abstract: "Reboot a server.")

    @Argument(help: "Name or id.") var server: String
    @Flag(help: "Like pulling the plug, without asking the guest; also from stopped and error.") var hard = false
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        _ = try ObjectReference(server, field: "the server's name")
        var request = RebootServerRequest()
        request.server = server
        request.hard = hard
        let begun = try await client.mutate { [request] api, options throws(RPCError) in
            try await api.rebootServer(request, options: options)
        }
        try await waiting.conclude(begun, client, output) { Phrase.state(of: $0) }
    }
}

struct ServerPause: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stop a server's processors and keep its memory.",
        discussion: "Possible once every service of the fleet is of release 0.2 or later: see `stator upgrade status`.")

    @Argument(help: "Name or id.") var server: String
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        let request = try ServerRequest(naming: server)
        let begun = try await client.mutate { api, options throws(RPCError) in
            try await api.pauseServer(request, options: options)
        }
        try await waiting.conclude(begun, client, output) { Phrase.state(of: $0) }
    }
}

struct ServerUnpause: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Let a paused server go on.")

    @Argument(help: "Name or id.") var server: String
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        let request = try ServerRequest(naming: server)
        let begun = try await client.mutate { api, options throws(RPCError) in
            try await api.unpauseServer(request, options: options)
        }
        try await waiting.conclude(begun, client, output) { Phrase.state(of: $0) }
    }
}

struct ServerDelete: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete servers and all that they hold.",
        discussion: """
            All of them are tried, whatever becomes of one; the exit status is that of the first that failed. With \
            --format json the answer is {"operations": […]}, one for each server that was found.
            """)

    @Argument(help: ArgumentHelp("Names or ids.", valueName: "server")) var servers: [String]
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        var failures: [CommandFailure] = []
        var operations: [Operation] = []
        for server in servers {
            do {
                let request = try ServerRequest(naming: server)
                // Each server has a key of its own: they are different requests.
                let begun = try await client.mutate { api, options throws(RPCError) in
                    try await api.deleteServer(request, options: options)
                }
                if let operation = begun.operation { operations.append(operation) }
            } catch {
                let failure = client.failure(error)
                failures.append(failure)
                // The others would only wait for the same nobody.
                if failure.status == .unreachable { break }
            }
        }
        var lines = ""
        for index in operations.indices {
            do {
                if waiting.wait { operations[index] = try await client.wait(for: operations[index]) }
                if let failure = Phrase.failure(of: operations[index]), waiting.wait {
                    failures.append(failure)
                } else {
                    lines += Phrase.outcome(of: operations[index])
                }
            } catch {
                failures.append(client.failure(error))
            }
        }
        var answer = ListOperationsResponse()
        answer.operations = operations
        output.print(answer, list: "operations", table: lines)
        for failure in failures.dropLast() {
            StandardError.write("stator: \(failure.message)\n")
        }
        if let first = failures.first, let last = failures.last {
            throw CommandFailure(first.status, last.message)
        }
    }
}

extension ServerRequest {
    init(naming server: String) throws(InvalidName) {
        _ = try ObjectReference(server, field: "the server's name")
        self.init()
        self.server = server
    }
}
