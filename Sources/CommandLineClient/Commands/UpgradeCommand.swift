internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC
internal import Synchronization

struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "How far the fleet is on its way to the next release; for operators.",
        subcommands: [UpgradeShowStatus.self, UpgradeCheck.self, UpgradePlan.self])
}

struct UpgradeShowStatus: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show who runs what, which features wait for whom, and what the database still needs.")

    @Flag(help: "The same as --format json.") var json = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        let status = try await client.upgradeStatus()
        var output = output
        if json { output.format = .json }
        output.print(status, table: UpgradeReport.status(status))
    }
}

struct UpgradeCheck: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check what stands between the fleet and the end of an upgrade.",
        discussion: """
            EXIT STATUS
              0  ready: all services that are up are of one release, and the database has what it needs
              1  something is to be done, such as upgrading a service or moving data
              2  something is wrong, such as a service two releases behind, or the check could not be made
            """)

    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func run() async throws {
        let settings = try connection.settings(waits: false)
        let verdict = Mutex<UpgradeVerdict?>(nil)
        do {
            try await withAPIClient(settings) { client in
                let found = try await check(client)
                verdict.withLock { $0 = found }
            }
        } catch {
            // A check that could not be made is neither ready nor something to do.
            throw CommandFailure(UpgradeVerdict.errorStatus, CommandFailure(describing: error).message)
        }
        if let verdict = verdict.withLock({ $0 }) { throw verdict.failure }
    }

    func execute(_ client: APIClient) async throws {
        if let verdict = try await check(client) { throw verdict.failure }
    }

    /// Prints what it finds; nil when nothing is to be done.
    private func check(_ client: APIClient) async throws -> UpgradeVerdict? {
        let advice = UpgradeAdvice(try await client.upgradeStatus())
        StandardOutput.write(advice.checkText)
        return UpgradeVerdict(advice.severity)
    }
}

/// Why a check does not end with 0.
private struct UpgradeVerdict: Sendable {
    /// The number 2, which `stator` otherwise has for a wrong command line.
    static let errorStatus = CommandStatus.usage

    let status: CommandStatus
    let message: String

    var failure: CommandFailure { CommandFailure(status, message) }

    init?(_ severity: UpgradeAdvice.Severity) {
        switch severity {
        case .note:
            return nil
        case .toDo:
            status = .failure
            message = "something is to be done"
        case .error:
            status = Self.errorStatus
            message = "something is wrong"
        }
    }
}

struct UpgradePlan: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show the steps that are left of an upgrade, in order.")

    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        StandardOutput.write(UpgradeAdvice(try await client.upgradeStatus()).planText)
    }
}

struct ServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Daemons of the deployment, hosts among them; for operators.",
        subcommands: [ServiceList.self])
}

struct ServiceList: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List conductors, APIs and hosts with the releases that they run.")

    @Option(help: ArgumentHelp("Of this binary only, e.g. stator-conductor.", valueName: "name")) var binary: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        var request = ListServicesRequest()
        request.binary = binary
        let answer = try await client.read { [request] api, options throws(RPCError) in
            try await api.listServices(request, options: options)
        }
        output.print(answer, list: "services", table: UpgradeReport.services(answer.services))
    }
}

extension APIClient {
    fileprivate func upgradeStatus() async throws -> UpgradeStatus {
        let answer = try await read { api, options throws(RPCError) in
            try await api.getUpgradeStatus(GetUpgradeStatusRequest(), options: options)
        }
        guard let status = answer.status else {
            throw CommandFailure(.failure, "the API's answer has no status")
        }
        return status
    }
}
