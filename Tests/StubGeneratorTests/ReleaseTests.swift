import StubGenerator
import Testing

@Suite struct ReleaseTests {
    private static let text = Snippet.proto(
        """
        message B { option (stator.v1.object) = { version: "1.1" }; }
        message A { option (stator.v1.object) = { version: "2.0" }; }
        message C { }
        service S {
          rpc Put(A) returns (B) { option (stator.v1.call) = { callers: [CALLER_CLASS_API], since: 1, until: 3 }; }
          rpc Get(A) returns (B) { option (stator.v1.call) = { callers: [CALLER_CLASS_API] }; }
        }
        """)

    @Test func `a release's files name its objects, its methods and itself`() throws {
        let parameters = "mode=release,release=0.1,service_version=7"
        let files = try Snippet.generate(Self.text, parameters: parameters).get()
        #expect(files["manifest.txt"] == "example.v1.A 2.0\nexample.v1.B 1.1\n")
        #expect(files["methods.txt"] == "example.v1.S/Get 1\nexample.v1.S/Put 1 3\n")
        #expect(files["release.txt"] == "release 0.1\nservice_version 7\n")
        let fingerprints = try Snippet.generate(Self.text, parameters: "mode=fingerprints").get()
        #expect(files["fingerprints.txt"] == fingerprints["fingerprints.txt"])
        #expect(files.count == 4)
    }

    @Test(arguments: [(6, true), (7, false), (8, false)])
    func `a release's service version is newer than all before it`(frozen: Int, isAccepted: Bool) throws {
        let result = try FrozenSnippet.generate(
            Self.text, after: [(name: "0.1", serviceVersion: frozen, text: Self.text)],
            parameters: "mode=release,release=0.2,service_version=7")
        guard case .failure(let error) = result else {
            #expect(isAccepted)
            return
        }
        #expect(
            error.message == "--stator_opt: Service version 7 is not newer than release 0.1's, \(frozen). "
                + "Fix: raise the service version with every release.")
        #expect(!isAccepted)
    }

    @Test func `the manifest tells what each release understands, the oldest first`() throws {
        let newer = try FrozenSnippet.edited([("\"1.1\"", "\"1.2\"")], of: Self.text)
        let files = try FrozenSnippet.generate(
            newer,
            after: [
                (name: "0.10", serviceVersion: 2, text: newer), (name: "0.9", serviceVersion: 1, text: Self.text),
            ],
            parameters: "c_module=C,manifest=Known"
        ).get()
        #expect(
            files["Known.swift"]?.hasSuffix(
                """
                    /// What each frozen release understands, in the order of their service versions.
                    public static let releases: [(release: String, serviceVersion: UInt32, manifest: Manifest)] = [
                        (
                            release: "0.9", serviceVersion: 1,
                            manifest: Manifest([
                                "example.v1.A": ObjectVersion(2, 0),
                                "example.v1.B": ObjectVersion(1, 1),
                            ])
                        ),
                        (
                            release: "0.10", serviceVersion: 2,
                            manifest: Manifest([
                                "example.v1.A": ObjectVersion(2, 0),
                                "example.v1.B": ObjectVersion(1, 2),
                            ])
                        ),
                    ]
                }

                """) == true)
    }

    @Test func `without frozen releases their list is empty, and without a folder of them there is none`() throws {
        let parameters = "c_module=C,manifest=Known"
        let some = try FrozenSnippet.generate(Self.text, after: [], parameters: parameters).get()
        #expect(
            some["Known.swift"]?.hasSuffix(
                "releases: [(release: String, serviceVersion: UInt32, manifest: Manifest)] = []\n}\n") == true)
        let none = try Snippet.generate(Self.text, parameters: parameters).get()
        #expect(none["Known.swift"]?.contains("releases") == false)
    }
}
