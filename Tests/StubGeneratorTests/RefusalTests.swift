import Testing

@Suite struct RefusalTests {
    static let callOption = "option (stator.v1.call) = { callers: [CALLER_CLASS_API], since: 1 };"

    static let cases: [(declarations: String, refusal: String)] = [
        (
            "message A { }\nservice S { rpc Get(A) returns (A); }",
            "8: example.v1.S/Get names no callers, so nobody could call it. "
                + "Fix: add `option (call) = { callers: [CALLER_CLASS_…], since: 1 };`."
        ),
        (
            "message A { }\nservice S {\n  rpc Put(stream A) returns (stream A) {\n"
                + "    option (stator.v1.call) = { priority: true };\n  }\n}",
            "9: example.v1.S/Put names no callers, so nobody could call it. "
                + "Fix: add `option (call) = { callers: [CALLER_CLASS_…], since: 1 };`."
        ),
        (
            "message RequestStream {\n}",
            "7: example.v1.RequestStream would be named RequestStream in Swift, which generated code uses itself. "
                + "Fix: choose another name."
        ),
        (
            "message A {\n  option (stator.v1.object) = { version: \"1.2\" };\n"
                + "  optional string a = 1 [(stator.v1.field) = { since: \"1.3\" }];\n}",
            "9: example.v1.A.a exists since 1.3, but the object is at version 1.2 only. "
                + "Fix: raise the object's version to 1.3."
        ),
        (
            "message A {\n  option (stator.v1.object) = { version: \"1.x\" };\n}",
            "7: The version \"1.x\" of example.v1.A is not major.minor. Fix: write it like \"1.0\"."
        ),
        (
            "message A {\n  option (stator.v1.object) = { version: \"1.0\" };\n"
                + "  optional string a = 1 [(stator.v1.field) = { since: \"one\" }];\n}",
            "9: The version \"one\" of example.v1.A.a is not major.minor. Fix: write it like \"1.1\"."
        ),
        (
            "message A {\n  optional string a = 1 [(stator.v1.field) = { since: \"1.0\" }];\n}",
            "8: example.v1.A.a has a `since` or `until`, but its message has no version. "
                + "Fix: give the message `option (object) = { version: \"1.0\" };` or remove it from the field."
        ),
        (
            "message A {\n  option (stator.v1.object) = { version: \"1.0\" };\n"
                + "  optional string a = 1 [(stator.v1.field) = { lowering: LOWERING_REFUSE }];\n}",
            "9: example.v1.A.a says what lowering does, but every version of the object has it. "
                + "Fix: say since which version it exists, or remove `lowering`."
        ),
        (
            "message A {\n  map<bool, string> a = 1;\n}",
            "8: example.v1.A.a has keys of type bool, which is not supported. Fix: use a string or an integer."
        ),
        (
            "message A {\n  map<string, int32> a = 1 [(stator.v1.field) = { format: FORMAT_NAME }];\n}",
            "8: The format of example.v1.A.a needs a field of type string. Fix: change the type or the format."
        ),
        (
            "message A { }\nservice S {\n  rpc Get(A) returns (A) {\n"
                + "    option (stator.v1.call) = { callers: [CALLER_CLASS_API], since: 2, until: 2 };\n  }\n}",
            "9: example.v1.S/Get ends at service version 2, not after its beginning at 2. "
                + "Fix: name the first service version that need not serve it any more."
        ),
        (
            "message A {\n  oneof choice {\n    string a = 1;\n  }\n}",
            "8: example.v1.A.choice is a oneof, which is not supported. "
                + "Fix: declare optional fields and say in a comment that one of them is set."
        ),
        (
            "message A {\n  optional group B = 1 { }\n}",
            "8: example.v1.A.b is a group, which is not supported. Fix: declare a message."
        ),
        (
            "message A {\n  extensions 100 to 200;\n}",
            "7: example.v1.A has extensions, which are not supported. Fix: declare the fields in the message itself."
        ),
        (
            "message A {\n  optional int32 a = 1 [default = 5];\n}",
            "8: example.v1.A.a has a default value, which is not supported: an unset field is nil. "
                + "Fix: remove the default and say in a comment what absence means."
        ),
        (
            "message A {\n  required int32 a = 1;\n}",
            "8: example.v1.A.a is required, which can never be taken back and is not supported. "
                + "Fix: make it optional and check it where it is needed."
        ),
        (
            "message A {\n  optional int32 some_name = 1;\n  optional int32 some__name = 2;\n}",
            "9: example.v1.A.some__name and example.v1.A.some_name would both be named someName in Swift. "
                + "Fix: rename one of them."
        ),
        (
            "message A {\n  optional int32 set_fields = 1;\n}",
            "8: example.v1.A.set_fields would be named setFields in Swift, which every message has already. "
                + "Fix: choose another name."
        ),
        (
            "message Timestamp {\n}",
            "7: example.v1.Timestamp would be named Timestamp in Swift, which generated code uses itself. "
                + "Fix: choose another name."
        ),
        (
            "message SClient {\n}\nservice S { rpc Get(SClient) returns (SClient) { \(callOption) } }",
            "9: example.v1.S and example.v1.SClient would both be named SClient in Swift. Fix: rename one of them."
        ),
        (
            "enum E {\n  option allow_alias = true;\n  E_A = 0;\n  E_B = 0;\n}",
            "10: example.v1.E.E_B is an alias, which is not supported. Fix: keep one name per number."
        ),
        (
            "message A {\n  optional string a = 1 [(stator.v1.field) = { format: FORMAT_UUID }];\n}",
            "8: The format of example.v1.A.a needs a field of type bytes. Fix: change the type or the format."
        ),
        (
            "message A {\n  optional int32 a = 1 [(stator.v1.field) = { length_max: 5 }];\n}",
            "8: example.v1.A.a has a greatest length, but its values have no length. Fix: remove `length_max`."
        ),
    ]

    @Test(arguments: cases)
    func `a declaration is refused with line, reason and fix`(declarations: String, refusal: String) throws {
        #expect(try Snippet.refusal(Snippet.proto(declarations)) == refusal)
    }

    @Test func `more than 128 fields are refused`() throws {
        let fields = (1...129).map { "optional int32 f\($0) = \($0);" }.joined()
        #expect(
            try Snippet.refusal(Snippet.proto("message A { \(fields) }"))
                == "7: example.v1.A has 129 fields; at most 128 are supported. "
                + "Fix: move some of them into a message of their own.")
        let allowed = (1...128).map { "optional int32 f\($0) = \($0);" }.joined()
        #expect(try Snippet.refusal(Snippet.proto("message A { \(allowed) }")) == nil)
    }

    @Test func `proto3 is refused`() throws {
        #expect(
            try Snippet.refusal("syntax = \"proto3\";\nmessage A { }")
                == " The file is not in proto2 syntax; protobuf-c 1.4 keeps presence there only. "
                + "Fix: write `syntax = \"proto2\";` and `optional` before single fields.")
    }

    @Test func `an import of protobuf's own messages is refused`() throws {
        let text = """
            syntax = "proto2";
            import "google/protobuf/timestamp.proto";
            message A { optional google.protobuf.Timestamp at = 1; }
            """
        #expect(
            try Snippet.refusal(text)
                == " The file imports google/protobuf/timestamp.proto, whose messages are not supported. "
                + "Fix: declare a message of your own; for times use an int64 with FORMAT_TIMESTAMP.")
    }

    @Test func `a type named like the manifest is refused`() throws {
        let text = Snippet.proto("message Known { }")
        guard case .failure(let error) = try Snippet.generate(text, parameters: "c_module=C,manifest=Known") else {
            Issue.record("it was accepted")
            return
        }
        #expect(
            error.message == "example.proto:7: example.v1.Known and the manifest would both be named Known in Swift. "
                + "Fix: rename one of them.")
    }

    @Test func `all problems of a file are told at once`() throws {
        let refusal = try Snippet.refusal(
            Snippet.proto("message A {\n  required int32 a = 1;\n  required int32 b = 2;\n}"))
        #expect(refusal?.split(separator: "\n").count == 2)
    }

    @Test(arguments: [
        ("", "--stator_opt: No module is named for the C code. Fix: add --stator_opt=c_module=NAME."),
        (
            "c_module=C,colour=red",
            "--stator_opt: The option \"colour=red\" is not known. Fix: use mode, c_module, manifest, import, releases, "
                + "release or service_version."
        ),
        (
            "mode=d",
            "--stator_opt: The mode \"d\" is not known. "
                + "Fix: use mode=swift, mode=c, mode=python, mode=fingerprints or mode=release."
        ),
        (
            "mode=release,release=0.1",
            "--stator_opt: No release is named, or not its service version. "
                + "Fix: add --stator_opt=release=NAME,service_version=NUMBER."
        ),
        (
            "mode=fingerprints,service_version=one",
            "--stator_opt: The service version \"one\" is no number. Fix: write it like 1."
        ),
    ])
    func `an option that is not known is refused`(parameters: String, refusal: String) throws {
        guard case .failure(let error) = try Snippet.generate(Snippet.proto(""), parameters: parameters) else {
            Issue.record("it was accepted")
            return
        }
        #expect(error.message == refusal)
    }
}
