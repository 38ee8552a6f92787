import ComputeMessages
import StatorRPC
import StatorWire
import TestSupport
import Testing

/// The built command against an API that answers as it is told.
@Suite struct CommandRunTests {
    private let create = ["server", "create", "web", "--flavor", "tiny", "--image", "debian"]

    @Test func `a command that only begins something says what`() async throws {
        try await FakeAPI.with { _, stator in
            let result = try await stator(create)
            #expect(result.status == .status(0), "\(result.errorOutput)")
            #expect(result.output == "create of server 'web' has begun; operation \(FakeAPI.operationID)\n")
            #expect(result.errorOutput.isEmpty)
        }
    }

    @Test func `a command that waits shows progress in plain lines and then the result`() async throws {
        try await FakeAPI.with { _, stator in
            let result = try await stator(create + ["--wait"])
            #expect(result.status == .status(0))
            #expect(
                result.errorOutput == """
                    create 'web': queued, choosing a host
                    create 'web': running, choosing a host
                    create 'web': done

                    """)
            #expect(result.output.hasPrefix("FIELD"))
            #expect(result.output.contains("\nvm_state             active\n"))
        }
    }

    @Test func `an operation that failed is status 5 and a sentence`() async throws {
        try await FakeAPI.with { api, stator in
            api.prepare {
                $0.progress = [.queued, .failed]
                $0.faultMessage = "no host has room\u{1B}[31m"
            }
            let result = try await stator(create + ["--wait"])
            #expect(result.status == .status(5))
            #expect(result.output.isEmpty)
            #expect(
                result.errorOutput.hasSuffix(
                    """
                    stator: create of server 'web' failed: no host has room?[31m; \
                    `stator operation show \(FakeAPI.operationID)` tells more\n
                    """))
        }
    }

    @Test func `with JSON the answer is one document with the contract's names`() async throws {
        try await FakeAPI.with { api, stator in
            let result = try await stator(create + ["--wait", "--format", "json"])
            #expect(result.status == .status(0))
            #expect(result.output.hasPrefix("{\"instance\":{\"uuid\":\"\(FakeAPI.serverID)\""))
            #expect(result.output.contains("\"operation\":{\"uuid\":\"\(FakeAPI.operationID)\""))
            #expect(result.output.contains("\"state\":\"succeeded\""))
            #expect(try await stator(["server", "list", "--format", "json"]).output == "{\"instances\":[]}\n")
            api.prepare { $0.progress = [.cancelled] }
            let cancelled = try await stator(create + ["--wait", "--format", "json"])
            #expect(cancelled.status == .status(5))
            #expect(cancelled.output.contains("\"state\":\"cancelled\""))
        }
    }

    @Test(arguments: [
        (StatusCode.notFound, Int32(3)), (.failedPrecondition, 1), (.permissionDenied, 1), (.resourceExhausted, 1),
        (.internal, 1),
    ])
    func `an answer's code is the exit status, its message the sentence`(code: StatusCode, status: Int32) async throws {
        try await FakeAPI.with { api, stator in
            api.prepare { $0.failures = [RPCError(code, "this is why")] }
            let result = try await stator(create)
            #expect(result.status == .status(status))
            #expect(result.output.isEmpty)
            #expect(result.errorOutput == "stator: this is why\n")
            #expect(api.keys.count == 1)
            #expect(api.keys.first != .some(nil))
        }
    }

    @Test func `an API that cannot do it now is asked again with the same key`() async throws {
        try await FakeAPI.with { api, stator in
            api.prepare { $0.failures = Array(repeating: RPCError(.unavailable, "no database"), count: 3) }
            let result = try await stator(create)
            #expect(result.status == .status(0), "\(result.errorOutput)")
            #expect(api.keys.count == 4)
            #expect(Set(api.keys).count == 1)
            #expect(api.keys.first != .some(nil))
        }
    }

    @Test func `an API that cannot do it for the command's whole time is status 4, with its reason`() async throws {
        try await FakeAPI.with { api, stator in
            api.prepare { $0.failures = Array(repeating: RPCError(.unavailable, "this is why"), count: 100) }
            let result = try await stator(create + ["--timeout", "2"])
            #expect(result.status == .status(4))
            #expect(result.output.isEmpty)
            #expect(result.errorOutput == "stator: this is why\n")
            #expect(api.keys.count > 1)
            #expect(Set(api.keys).count == 1)
        }
    }

    @Test func `each server of a delete is tried, with a key of its own`() async throws {
        try await FakeAPI.with { api, stator in
            let result = try await stator(["server", "delete", "web", "nothing", "web"])
            #expect(result.status == .status(3))
            #expect(result.errorOutput == "stator: there is no server 'nothing'\n")
            #expect(result.output.split(separator: "\n").count == 2)
            #expect(Set(api.keys).count == 2)
        }
    }

    @Test func `console output that is not for a terminal is printed byte by byte`() async throws {
        try await FakeAPI.with { api, stator in
            api.prepare { $0.console = [Array("a\u{1B}[31mb\r\n".utf8), Array("login: ".utf8)] }
            let result = try await stator(["server", "console", "web"])
            #expect(result.status == .status(0))
            #expect(result.output == "a\u{1B}[31mb\r\nlogin: ")
        }
    }

    @Test func `a wait that is too long is status 4 and says that the operation goes on`() async throws {
        try await FakeAPI.with { api, stator in
            api.prepare { $0.progress = [.queued, .running] }
            let result = try await stator(create + ["--wait", "--timeout", "2"])
            #expect(result.status == .status(4))
            let last = result.errorOutput.split(separator: "\n").last ?? ""
            #expect(last.hasPrefix("stator: create of server 'web' "))
            #expect(last.hasSuffix("it goes on: `stator operation show \(FakeAPI.operationID) --wait` waits for it"))
        }
    }

    @Test func `an API that is not there is status 4, with its address and the reason`() async throws {
        let tls = try TestCertificates.tls(class: "user", name: "alice")
        let process = try ChildProcess(
            built: "stator",
            arguments: [
                "server", "list", "--api", "127.0.0.1:1", "--timeout", "1", "--certificate", tls.certificateChainPath,
                "--private-key", tls.privateKeyPath, "--ca", tls.trustRootsPath,
            ])
        #expect(try await process.wait(timeout: .seconds(30)) == .status(4))
        #expect(process.output.isEmpty)
        #expect(
            process.errorOutput
                == "stator: the API cannot be reached: connect to 127.0.0.1:1: Connection refused; "
                + "check --api (or STATOR_API) and that it runs\n")
    }

    @Test(arguments: [
        (["--certificate", "/nonexistent"], "/nonexistent"), (["--api", "nowhere"], "--api"),
    ])
    func `a command line that cannot work is status 2`(arguments: [String], says: String) async throws {
        try await FakeAPI.with { _, stator in
            let process = try ChildProcess(
                built: "stator", arguments: ["server", "list"] + arguments, environment: ["STATOR_API": "127.0.0.1:1"])
            #expect(try await process.wait(timeout: .seconds(30)) == .status(2))
            #expect(process.errorOutput.contains(says))
            #expect(process.errorOutput.filter { $0 == "\n" }.count == 1)
        }
    }

    @Test func `a list goes on after a page that is not full`() async throws {
        try await FakeAPI.with { api, stator in
            api.prepare { $0.serverPages = [["first", "second"], ["third"]] }
            let result = try await stator(["server", "list"])
            #expect(result.status == .status(0), "\(result.errorOutput)")
            for name in ["first", "second", "third"] { #expect(result.output.contains(" \(name) ")) }
            #expect(api.markers == [nil, FakeAPI.serverID, FakeAPI.serverID])
        }
    }
}
