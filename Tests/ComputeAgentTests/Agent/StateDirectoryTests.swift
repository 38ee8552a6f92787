import ComputeAgent
import TestSupport
import Testing

@Suite struct StateDirectoryTests {
    @Test func `a second agent on the same directory is refused until the first is gone`() throws {
        let folder = try TemporaryDirectory()
        do {
            let first = try StateDirectory(path: folder.file("state"))
            let error = #expect(throws: AgentError.self) { try StateDirectory(path: folder.file("state")) }
            #expect(error?.code == .locked)
            #expect(try first.nextBootEpoch() == 1)
        }
        #expect(try StateDirectory(path: folder.file("state")).nextBootEpoch() == 2)
    }

    @Test func `the host's id is made once and kept`() throws {
        let folder = try TemporaryDirectory()
        let directory = try StateDirectory(path: folder.path)
        let first = try HostIdentity.load(from: directory, certificateName: "host1")
        #expect(first.name == "host1")
        #expect(try HostIdentity.load(from: directory, certificateName: "host1") == first)
    }

    @Test func `another host's certificate is refused with both names`() throws {
        let folder = try TemporaryDirectory()
        let directory = try StateDirectory(path: folder.path)
        _ = try HostIdentity.load(from: directory, certificateName: "host1")
        let error = #expect(throws: AgentError.self) {
            try HostIdentity.load(from: directory, certificateName: "host2")
        }
        #expect(error?.code == .identityMismatch)
        #expect(error?.message.contains("'host1'") == true && error?.message.contains("'host2's") == true)
    }

    @Test(arguments: ["", "{}", "nonsense", #"{"uuid":"x","name":"host1"}"#])
    func `a damaged identity is refused`(_ text: String) throws {
        let folder = try TemporaryDirectory()
        let directory = try StateDirectory(path: folder.path)
        try folder.write(text, to: "host.json")
        #expect(throws: AgentError.self) { try HostIdentity.load(from: directory, certificateName: "host1") }
    }

    @Test func `a damaged boot epoch is refused rather than begun anew`() throws {
        let folder = try TemporaryDirectory()
        let directory = try StateDirectory(path: folder.path)
        try folder.write("seven", to: "boot_epoch")
        #expect(throws: AgentError.self) { try directory.nextBootEpoch() }
    }
}
