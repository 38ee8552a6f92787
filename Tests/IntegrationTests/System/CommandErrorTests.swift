import ClusterSupport
import Foundation
import TestSupport
import Testing

extension SystemTests {
    /// What a user sees when a request is wrong or a part is down: one sentence, an exit status, and nothing half made.
    @Suite struct CommandErrorTests {
        private struct Mistake {
            let arguments: [String]
            let status: Int32
            let says: String
        }

        private static let mistakes = [
            Mistake(arguments: ["a", "--flavor", "enormous", "--image", TestImage.name], status: 3, says: "enormous"),
            Mistake(arguments: ["a", "--flavor", "tiny", "--image", "windows"], status: 3, says: "windows"),
            Mistake(arguments: ["", "--flavor", "tiny", "--image", TestImage.name], status: 2, says: "name"),
            Mistake(
                arguments: [String(repeating: "n", count: 300), "--flavor", "tiny", "--image", TestImage.name],
                status: 2, says: "255"),
            Mistake(
                arguments: ["a\u{1B}[2Jb", "--flavor", "tiny", "--image", TestImage.name], status: 2, says: "control"),
            Mistake(arguments: ["a\nb", "--flavor", "tiny", "--image", TestImage.name], status: 2, says: "control"),
            Mistake(arguments: ["a", "--image", TestImage.name], status: 2, says: "--flavor"),
            Mistake(
                arguments: ["a", "--flavor", "tiny", "--image", TestImage.name, "--user-data", "/nonexistent/file"],
                status: 2, says: "/nonexistent/file"),
        ]

        @Test func `mistakes and outages are told in one sentence, and leave nothing half made`() async throws {
            let cluster = try await TestCluster(driver: .fake)
            for mistake in Self.mistakes {
                let result = try await cluster.stator(["server", "create"] + mistake.arguments)
                expectSentence(result, status: mistake.status, says: mistake.says)
            }
            try await expectNothing(on: cluster)
            try await noCapacity(cluster)
            try await ambiguousName(cluster)
            try await conductorsDown(cluster)
            try await databaseDown(cluster)
            try await apiDown(cluster)
        }

        /// Accepted, then failed for want of a host: told with `--wait`, and kept as the server's fault.
        private func noCapacity(_ cluster: TestCluster) async throws {
            try await cluster.succeed([
                "flavor", "create", "huge", "--vcpus", "64", "--memory-mb", "128", "--root-gb", "1",
            ])
            let result = try await cluster.stator(create("a", flavor: "huge") + ["--wait"])
            expectSentence(result, status: 5, says: "host")
            #expect(try await cluster.server("a").vmState == "error")
            #expect(try await cluster.hosts().allSatisfy { !$0.isInUse })
            try await cluster.succeed(["server", "delete", "a", "--wait"])
            try await expectNothing(on: cluster)
        }

        private func ambiguousName(_ cluster: TestCluster) async throws {
            for _ in 0..<2 { try await cluster.succeed(create("twin", flavor: "tiny") + ["--wait"]) }
            expectSentence(try await cluster.stator(["server", "show", "twin"]), status: 1, says: "twin")
            for server in try await cluster.servers() {
                try await cluster.succeed(["server", "delete", server.uuid, "--wait"])
            }
            try await expectNothing(on: cluster)
        }

        private func conductorsDown(_ cluster: TestCluster) async throws {
            for conductor in TestCluster.Daemon.conductors { try await cluster.kill9(conductor) }
            let result = try await cluster.stator(create("a", flavor: "tiny"), timeoutSeconds: 4)
            expectSentence(result, status: 4, says: "conductor")
            for conductor in TestCluster.Daemon.conductors { try await cluster.start(conductor) }
            try await expectNothing(on: cluster)
        }

        private func databaseDown(_ cluster: TestCluster) async throws {
            cluster.postgres.stop()
            let result = try await cluster.stator(create("a", flavor: "tiny"), timeoutSeconds: 4)
            expectSentence(result, status: 4, says: "database")
            try cluster.postgres.start()
            try await expectNothing(on: cluster)
            // And it works again, by itself.
            try await cluster.succeed(create("a", flavor: "tiny") + ["--wait"])
            try await cluster.succeed(["server", "delete", "a", "--wait"])
        }

        private func apiDown(_ cluster: TestCluster) async throws {
            try await cluster.kill9(.api)
            let result = try await cluster.stator(create("a", flavor: "tiny"), timeoutSeconds: 4)
            expectSentence(result, status: 4, says: "API")
        }

        private func create(_ name: String, flavor: String) -> [String] {
            ["server", "create", name, "--flavor", flavor, "--image", TestImage.name]
        }

        private func expectSentence(_ result: CommandResult, status: Int32, says text: String) {
            let errorLines = result.errorOutput.split(separator: "\n").filter { !$0.contains("': running,") }
            #expect(result.exit == .status(status), "\(result.command): \(result.errorOutput)")
            #expect(result.output == "", "\(result.command)")
            #expect(errorLines.last?.contains(text) == true, "\(result.command): \(result.errorOutput)")
            #expect(!result.errorOutput.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        }

        /// No server, no operation under way and no claim.
        private func expectNothing(on cluster: TestCluster) async throws {
            try await cluster.waitUntilQuiet()
            #expect(try await cluster.servers().isEmpty)
            #expect(try await cluster.hosts().allSatisfy { !$0.isInUse })
        }
    }
}
