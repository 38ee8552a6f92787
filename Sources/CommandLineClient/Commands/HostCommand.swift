internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Machines that run servers; for operators.",
        subcommands: [HostList.self, HostShow.self, HostEnable.self, HostDisable.self])
}

struct HostList: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List hosts.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        let answer = try await client.read { api, options throws(RPCError) in
            try await api.listHosts(ListHostsRequest(), options: options)
        }
        output.print(answer, list: "hosts", table: Listing.hosts(answer.hosts))
    }
}

struct HostShow: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a host.")

    @Argument(help: "Name or id.") var host: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        _ = try ObjectReference(host, field: "the host's name")
        var request = HostRequest()
        request.host = host
        let answer = try await client.read { [request] api, options throws(RPCError) in
            try await api.getHost(request, options: options)
        }
        output.print(answer, table: Details.host(answer.host ?? Host()))
    }
}

struct HostEnable: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Let new servers be placed on a host.")

    @Argument(help: "Name or id.") var host: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        try await client.update(host: host, disabled: false, reason: nil, output)
    }
}

struct HostDisable: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Place no new servers on a host; those that it runs stay.")

    @Argument(help: "Name or id.") var host: String
    @Option(help: "Why, for other operators; 255 bytes at most.") var reason: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func validate() throws {
        if let reason, reason.utf8.count > ComputeLimits.disabledReasonByteCountMax {
            throw ValidationError("--reason takes at most \(ComputeLimits.disabledReasonByteCountMax) bytes")
        }
    }

    func execute(_ client: APIClient) async throws {
        try await client.update(host: host, disabled: true, reason: reason, output)
    }
}

extension APIClient {
    fileprivate func update(host: String, disabled: Bool, reason: String?, _ output: OutputOptions) async throws {
        _ = try ObjectReference(host, field: "the host's name")
        var request = UpdateHostRequest()
        request.host = host
        request.disabled = disabled
        request.disabledReason = reason
        let answer = try await mutate { [request] api, options throws(RPCError) in
            try await api.updateHost(request, options: options)
        }
        let name = (answer.host?.name ?? host).singleLine
        output.print(answer, table: "host '\(name)' is \(disabled ? "disabled" : "enabled")\n")
    }
}
