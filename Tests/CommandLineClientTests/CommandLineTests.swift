import ArgumentParser
import CommandLineClient
import Testing

@Suite struct CommandLineTests {
    @Test(arguments: [
        ["server", "create", "web", "--flavor", "tiny", "--image", "debian", "--wait", "--format", "json"],
        ["server", "list", "--all", "--api", "localhost:7700", "--timeout", "5"],
        ["server", "show", "web"],
        ["server", "delete", "a", "b", "--wait"],
        ["server", "start", "web"],
        ["server", "stop", "web", "--wait"],
        ["server", "reboot", "web", "--hard"],
        ["server", "console", "web", "--bytes", "1024"],
        ["host", "list"],
        ["host", "disable", "host1", "--reason", "new disk"],
        ["host", "enable", "host1"],
        ["flavor", "create", "tiny", "--vcpus", "1", "--memory-mb", "128", "--root-gb", "1"],
        ["flavor", "list"],
        ["image", "list"],
        ["operation", "list", "--server", "web"],
        ["operation", "show", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "--wait"],
    ])
    func `these are commands`(arguments: [String]) throws {
        _ = try StatorCommand.parseAsRoot(arguments)
    }

    @Test(arguments: [
        ["server", "create", "web"],
        ["server", "create", "--flavor", "tiny", "--image", "debian"],
        ["server", "delete"],
        ["server", "console", "web", "--bytes", "0"],
        ["server", "list", "--format", "xml"],
        ["server", "list", "--timeout", "0"],
        ["server", "list", "--api", "nowhere"],
        ["flavor", "create", "tiny", "--vcpus", "-1", "--memory-mb", "128", "--root-gb", "1"],
        ["operation", "show", "web"],
        ["operation", "list", "--limit", "1001"],
        ["nonsense"],
    ])
    func `these are not, and end with a usage error`(arguments: [String]) {
        #expect(throws: (any Error).self) { try StatorCommand.parseAsRoot(arguments) }
        do {
            _ = try StatorCommand.parseAsRoot(arguments)
        } catch {
            #expect(StatorCommand.exitCode(for: error) == .validationFailure)
            let text = usageText(error)
            #expect(text.hasPrefix("stator: "))
            #expect(text.filter { $0 == "\n" }.count == 1)
            #expect(text.contains("--help` tells more"))
        }
    }

    @Test func `a usage error is one sentence that names the command's help`() throws {
        do {
            _ = try StatorCommand.parseAsRoot(["server", "create", "web", "--image", "debian"])
            Issue.record("a flavor is needed")
        } catch {
            #expect(
                usageText(error) == """
                    stator: Missing expected argument '--flavor <flavor>'; `stator server create --help` tells more

                    """)
        }
    }

    @Test func `help tells the exit statuses`() {
        #expect(StatorCommand.helpMessage().contains("EXIT STATUS"))
    }
}
