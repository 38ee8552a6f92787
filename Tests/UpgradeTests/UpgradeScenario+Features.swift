import ClusterSupport
import TestSupport
import Testing

extension UpgradeSystemTests {
    /// What only the newer release can express: refused while the older one would lose it, and kept when it cannot.
    @Suite(.enabled(if: !UpgradeSettings.isSameRelease)) struct UpgradeScenarioFeatureTests {
        typealias Daemon = TestCluster.Daemon

        let old = UpgradeSettings.old
        let new = UpgradeSettings.new

        @Test func `what the older release cannot express is refused in the documented words`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            // The command line cannot say it to the API.
            try await expectRefusal(
                of: create("a", "--tag", "red"), on: mixed,
                says: ["CreateServerRequest", "1.0", "tags", "cannot be sent to a receiver of version"])
            try await expectRefusal(of: ["server", "pause", "a"], on: mixed, says: ["needs service version 2"])
            // The API cannot say it to a conductor.
            try await mixed.restart(.api, new)
            try await expectRefusal(
                of: create("a", "--tag", "red"), on: mixed,
                says: ["CreateServerRequest", "tags", "cannot be sent to a receiver of version"])
            try await expectRefusal(of: ["operation", "list", "--all"], on: mixed, says: ["needs service version 2"])
            // Conductors keep tags, but no host could be told of a processor, and not everybody of a pause.
            for conductor in Daemon.conductors { try await mixed.restart(conductor, new) }
            try await succeed(create("tagged", "--tag", "red"), on: mixed)
            try await expectRefusal(
                of: create("b", "--cpu-model", "qemu64"), on: mixed, status: 5,
                says: ["no valid host", "2 below service version 2"])
            try await expectRefusal(
                of: ["server", "pause", "tagged"], on: mixed,
                says: ["pause-servers needs service version 2", "'host1'", "'host2'"])
            // A host that can be told is where it goes, every time.
            try await mixed.restart(Daemon.hosts[0], new)
            for number in 0..<4 {
                try await succeed(create("processor-\(number)", "--cpu-model", "qemu64"), on: mixed)
                #expect(try await mixed.cluster.server("processor-\(number)").host == "host1")
            }
            try await mixed.restart(Daemon.hosts[1], new)
            try await succeed(["server", "pause", "tagged", "--wait"], on: mixed)
            #expect(try await show("tagged", by: new, on: mixed)["vm_state"] == "paused")
        }

        @Test func `what the newer release wrote outlives the older one, which writes around it`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            try await mixed.restartAll(new)
            try await succeed(create("tagged", "--tag", "red", "--tag", "größe 漢字"), on: mixed)
            try await succeed(create("still", "--tag", "blue"), on: mixed)
            try await succeed(["server", "pause", "still", "--wait"], on: mixed)
            #expect(try await show("still", by: old, on: mixed)["vm_state"] == "active")

            try await mixed.restartAll(old)
            for arguments in [["reboot", "tagged", "--hard"], ["stop", "tagged"], ["start", "tagged"]] {
                try await succeed(["server"] + arguments + ["--wait"], by: old, on: mixed)
            }
            #expect(try await show("tagged", by: old, on: mixed)["vm_state"] == "active")
            // It is paused all the same: what the older release makes of it must not be written down.
            _ = try await show("still", by: old, on: mixed)

            try await mixed.restartAll(new)
            let tagged = try await show("tagged", by: new, on: mixed)
            #expect(tagged["tags"] == ["red", "größe 漢字"])
            #expect(tagged["vm_state"] == "active")
            let still = try await show("still", by: new, on: mixed)
            #expect(still["tags"] == ["blue"])
            #expect(still["vm_state"] == "paused")
            try await succeed(["server", "unpause", "still", "--wait"], on: mixed)
            #expect(try await show("still", by: new, on: mixed)["vm_state"] == "active")
            for name in ["tagged", "still"] { try await succeed(["server", "delete", name, "--wait"], on: mixed) }
        }

        @Test func `the older release can delete what the newer one has paused`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            try await mixed.restartAll(new)
            try await succeed(create("still"), on: mixed)
            try await succeed(["server", "pause", "still", "--wait"], on: mixed)
            try await mixed.restartAll(old)
            try await succeed(["server", "delete", "still", "--wait"], by: old, on: mixed)
            try await mixed.restartAll(new)
            #expect(try await mixed.cluster.servers().isEmpty)
            #expect(try await mixed.cluster.hosts().allSatisfy { !$0.isInUse })
        }

        @Test func `a host that went back cannot be told of a processor, and can let go of it`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            try await mixed.restartAll(new)
            for name in ["a", "b", "c"] { try await succeed(create(name, "--cpu-model", "qemu64"), on: mixed) }
            for host in Daemon.hosts { try await mixed.restart(host, old) }
            // The older release reads all that it has a word for.
            for client in [old, new] {
                let list = try await mixed.cluster.command(client).run(["server", "list", "--format", "json"])
                #expect(list.exit == .status(0), "\(client): \(list.errorOutput)")
            }
            #expect(try await show("a", by: old, on: mixed)["cpu_model"] == nil)
            #expect(try await show("a", by: new, on: mixed)["cpu_model"] == "qemu64")
            try await expectRefusal(
                of: ["server", "reboot", "a", "--hard", "--wait"], on: mixed, status: 5,
                says: ["cannot be sent to a receiver of version", "cpu_model"])
            // It must not be kept for ever.
            try await succeed(["server", "delete", "a", "--wait"], on: mixed)
            try await mixed.restartAll(old)
            try await succeed(["server", "delete", "b", "--wait"], by: old, on: mixed)
            try await mixed.restartAll(new)
            #expect(try await show("c", by: new, on: mixed)["cpu_model"] == "qemu64")
            #expect(try await show("c", by: new, on: mixed)["vm_state"] == "active")
        }

        private func create(_ name: String, _ more: String...) -> [String] {
            ["server", "create", name, "--flavor", "tiny", "--image", TestImage.name, "--wait"] + more
        }

        private func show(_ name: String, by client: Programs, on mixed: MixedCluster) async throws -> JSONValue {
            let result = try await mixed.cluster.command(client).run(["server", "show", name, "--format", "json"])
            guard result.exit == .status(0) else {
                throw TestSupportError("\(client) server show \(name) with \(mixed.mixture): \(result.errorOutput)")
            }
            return try JSONValue(parsing: result.output)["instance"] ?? .null
        }

        private func succeed(
            _ arguments: [String], by client: Programs = UpgradeSettings.new, on mixed: MixedCluster
        ) async throws {
            let result = try await mixed.cluster.command(client).run(arguments)
            guard result.exit == .status(0) else {
                throw TestSupportError(
                    "\(client) `stator \(arguments.joined(separator: " "))` with \(mixed.mixture): \(result.exit), "
                        + "\(result.errorOutput); logs in \(try mixed.cluster.saveLogs())")
            }
        }

        private func expectRefusal(
            of arguments: [String], on mixed: MixedCluster, status: Int32 = 1, says words: [String]
        ) async throws {
            let result = try await mixed.cluster.command(new).run(arguments)
            #expect(result.exit == .status(status), "\(arguments) with \(mixed.mixture): \(result.errorOutput)")
            for word in words {
                #expect(result.errorOutput.contains(word), "\(arguments) with \(mixed.mixture): \(result.errorOutput)")
            }
        }
    }
}
