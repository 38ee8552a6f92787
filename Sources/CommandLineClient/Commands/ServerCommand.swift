internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Virtual machines: create, list, show, delete, start, stop, reboot, pause, unpause, console.",
        subcommands: [
            ServerCreate.self, ServerList.self, ServerShow.self, ServerDelete.self, ServerStart.self,
            ServerStop.self, ServerReboot.self, ServerPause.self, ServerUnpause.self, ServerConsole.self,
        ])
}

struct ServerCreate: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a server and start it.")

    @Argument(help: "Its name: 1 to 255 characters.") var name: String
    @Option(help: ArgumentHelp("Its size; `stator flavor list` shows them.", valueName: "flavor")) var flavor: String
    @Option(help: ArgumentHelp("What it starts from; `stator image list` shows them.", valueName: "image"))
    var image: String
    @Option(help: "Text for people.") var description: String?
    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp("A tag to find it by; may be repeated, 50 at most.", valueName: "tag"))
    var tags: [String] = []
    @Option(
        help: ArgumentHelp(
            "QEMU's name of the processor that the guest is to see. Default: the best that the host offers.",
            valueName: "model"))
    var cpuModel: String?
    @Option(help: ArgumentHelp("A file that is handed to the guest, 64 KiB at most.", valueName: "file"))
    var userData: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var waits: Bool { waiting.wait }

    func execute(_ client: APIClient) async throws {
        var request = CreateServerRequest()
        try checkName(name, field: "the server's name")
        request.name = name
        request.flavor = flavor
        request.image = image
        request.description = description
        request.tags = tags
        request.cpuModel = cpuModel
        if let userData { request.userData = try readUserData(userData) }
        let begun = try await client.mutate { [request] api, options throws(RPCError) in
            try await api.createServer(request, options: options)
        }
        try await waiting.conclude(begun, client, output) { answer in
            answer.instance.map { Details.server($0) } ?? ""
        }
    }
}

struct ServerList: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List servers.")

    @Flag(help: "Also those of other users; for operators.") var all = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: APIClient) async throws {
        var answer = ListServersResponse()
        answer.instances = try await client.listServers(allUsers: all)
        output.print(
            answer, list: "instances", table: Listing.servers(answer.instances, showsOwner: all))
    }
}

struct ServerShow: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a server.")

    @Argument(help: "Name or id.") var server: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: APIClient) async throws {
        let answer = try await client.server(server)
        output.print(answer, table: Details.server(answer.instance ?? Instance()))
    }
}

struct ServerConsole: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Print what a server wrote to its serial console.",
        discussion: """
            On a terminal, escape sequences and other control characters are left out; elsewhere the bytes are \
            printed as they came.
            """)

    @Argument(help: "Name or id.") var server: String
    @Option(help: ArgumentHelp("The last so many bytes, 1 to 1048576. Default: all that is kept.", valueName: "n"))
    var bytes: UInt32?
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if let bytes, !ComputeLimits.consoleByteCount.contains(bytes) {
            throw ValidationError("--bytes takes \(ComputeLimits.consoleByteCount.lowerBound) to 1048576")
        }
    }

    func execute(_ client: APIClient) async throws {
        var request = GetConsoleOutputRequest()
        _ = try ObjectReference(server, field: "the server's name")
        request.server = server
        request.lengthMax = bytes
        let bytes = try await client.console(request)
        guard StandardOutput.isTerminal else {
            StandardOutput.write(bytes)
            return
        }
        var sanitizer = ConsoleSanitizer()
        let text = sanitizer.sanitize(bytes) + sanitizer.finish()
        StandardOutput.write(text + (sanitizer.isAtLineStart ? "" : "\n"))
    }
}
