import ClusterSupport
import TestSupport

/// Every command that users and operators have, by the command line of one release.
struct CommandTour {
    private let mixed: MixedCluster
    private let command: StatorCommand
    private let client: Programs
    private let name: String

    init(_ mixed: MixedCluster, client: Programs) throws {
        self.mixed = mixed
        self.client = client
        command = try mixed.cluster.command(client)
        name = "tour-\(client)"
    }

    /// How many commands there were; throws at the first that is not understood.
    func run() async throws -> Int {
        let server = [
            [
                "server", "create", name, "--flavor", "tiny", "--image", TestImage.name, "--description", "tour",
                "--wait",
            ],
            ["server", "show", name], ["server", "list"], ["server", "list", "--all"],
            ["server", "stop", name, "--wait"], ["server", "start", name, "--wait"],
            ["server", "reboot", name, "--wait"], ["server", "reboot", name, "--hard", "--wait"],
            ["operation", "list", "--server", name], ["operation", "list", "--limit", "3"],
            ["server", "delete", name, "--wait"],
        ]
        let catalogue = [
            ["flavor", "create", name, "--vcpus", "1", "--memory-mb", "64", "--root-gb", "1"], ["flavor", "list"],
            ["image", "list"], ["host", "list"], ["host", "show", "host1"],
            ["host", "disable", "host1", "--reason", "a tour"], ["host", "enable", "host1"],
            ["service", "list"], ["upgrade", "status"],
        ]
        for arguments in server + catalogue {
            let result = try await command.run(arguments + ["--format", "json"])
            guard result.exit == .status(0) else {
                throw TestSupportError(
                    "\(client) `stator \(arguments.joined(separator: " "))` with \(mixed.mixture): \(result.exit), "
                        + result.errorOutput)
            }
            guard case .object = try JSONValue(parsing: result.output) else {
                throw TestSupportError("\(client) `stator \(arguments.joined(separator: " "))`: \(result.output)")
            }
        }
        let texts = [["server", "list"], ["host", "list"], ["operation", "list"], ["upgrade", "plan"]]
        for arguments in texts {
            let result = try await command.run(arguments)
            guard result.exit == .status(0), !result.output.isEmpty else {
                throw TestSupportError(
                    "\(client) `stator \(arguments.joined(separator: " "))`: \(result.exit), \(result.errorOutput)")
            }
        }
        return server.count + catalogue.count + texts.count
    }
}
