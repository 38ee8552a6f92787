import ClusterSupport
import Foundation
import TestSupport
import Testing

extension SystemTests {
    /// A real guest under QEMU, from its creation to its end.
    @Suite struct GuestTests {
        @Test func `a guest boots, outlives its agent, stops, starts, reboots and goes`() async throws {
            let cluster = try await TestCluster(driver: .qemu)
            let userData = try cluster.directory.write("a word from the user\n", to: "user-data")
            try await cluster.succeed([
                "server", "create", "web", "--flavor", "tiny", "--image", TestImage.name, "--user-data", userData,
                "--wait",
            ])
            let server = try await cluster.server("web")
            #expect(server.vmState == "active")
            try await waitForConsole(
                of: "web", on: cluster, ["stator guest \(server.uuid) is up", "a word from the user"])
            #expect(try await console(of: "web", on: cluster).contains("Linux version"))

            let guest = try #require(cluster.guests().first)
            #expect(cluster.guests().map(\.instance) == [server.uuid])
            try await outlivesAgent(guest, of: "web", on: cluster)
            try await stopsAndStarts("web", on: cluster)
            try await reboots("web", on: cluster)

            try await cluster.succeed(["server", "delete", "web", "--wait"])
            #expect(try await PromiseCheck(cluster: cluster).remains() == [])
        }

        private func outlivesAgent(_ guest: QEMUProcess, of name: String, on cluster: TestCluster) async throws {
            let host = try #require(TestCluster.Daemon.hosts.first { $0.name == guest.host })
            try await cluster.kill9(host)
            #expect(cluster.guests() == [guest])
            try await cluster.start(host)
            #expect(cluster.guests() == [guest])
            #expect(try await cluster.server(name).vmState == "active")
        }

        private func stopsAndStarts(_ name: String, on cluster: TestCluster) async throws {
            try await cluster.succeed(["server", "stop", name, "--wait"])
            #expect(try await cluster.server(name).vmState == "stopped")
            #expect(cluster.guests() == [])
            // The guest heard the power button; it was not unplugged.
            #expect(try await console(of: name, on: cluster).contains("the power button was pressed"))
            try await cluster.succeed(["server", "start", name, "--wait"])
            #expect(try await cluster.server(name).vmState == "active")
            #expect(cluster.guests().count == 1)
        }

        /// The guest boots once more, and it is the only one.
        private func reboots(_ name: String, on cluster: TestCluster) async throws {
            let text = "stator guest \(try await cluster.server(name).uuid) is up"
            try await waitUntil(timeout: .seconds(90), pollEvery: .milliseconds(300), "the second boot") {
                try await console(of: name, on: cluster).ranges(of: text).count == 2
            }
            try await cluster.succeed(["server", "reboot", name, "--hard", "--wait"])
            #expect(try await cluster.server(name).vmState == "active")
            try await waitUntil(timeout: .seconds(90), pollEvery: .milliseconds(300), "the third boot") {
                try await console(of: name, on: cluster).ranges(of: text).count == 3
            }
            #expect(cluster.guests().count == 1)
        }

        private func console(of name: String, on cluster: TestCluster) async throws -> String {
            try await cluster.succeed(["server", "console", name]).output
        }

        private func waitForConsole(of name: String, on cluster: TestCluster, _ texts: [String]) async throws {
            try await waitUntil(timeout: .seconds(90), pollEvery: .milliseconds(300), "\(name) says \(texts)") {
                let output = try await console(of: name, on: cluster)
                return texts.allSatisfy(output.contains)
            }
        }
    }
}
