import Foundation
import StubGenerator
import Testing

@Suite struct CModuleTests {
    private func generate(_ declarations: String) throws -> [String: String] {
        try Snippet.generate(Snippet.proto(declarations), parameters: "mode=c,c_module=CExample").get()
    }

    @Test func `strings become bytes in C, nested ones and those with options too`() throws {
        let files = try generate(
            """
            message A {
              message Inner { optional string text = 1; }
              optional string name = 1 [(stator.v1.field) = { format: FORMAT_NAME }, deprecated = true];
              repeated string names = 2;
            }
            """)
        let code = try #require(files["example.pb-c.c"])
        #expect(code.contains("PROTOBUF_C_TYPE_STRING") == false)
        #expect(code.components(separatedBy: "PROTOBUF_C_TYPE_BYTES").count == 4)
        #expect(code.contains("PROTOBUF_C_FIELD_FLAG_DEPRECATED"))
    }

    @Test func `headers lie where SwiftPM looks for them and the options are gone`() throws {
        let files = try generate("message A { }")
        #expect(
            files.keys.sorted() == [
                "example.pb-c.c", "include/CExample.h", "include/example.pb-c.h", "include/module.modulemap",
            ])
        #expect(files.values.contains { $0.contains("stator/v1/options") } == false)
    }

    @Test func `descriptors are reached through functions`() throws {
        let header = try #require(try generate("message VMState { message OneMore { } }")["include/CExample.h"])
        #expect(
            header.hasSuffix(
                """
                extern const struct ProtobufCMessageDescriptor example__v1__vmstate__one_more__descriptor;
                static inline const void *_Nonnull example_v1_vmstate_one_more_descriptor(void) {
                    return &example__v1__vmstate__one_more__descriptor;
                }

                """))
        #expect(header.contains("static inline const void *_Nonnull example_v1_vmstate_descriptor(void) {"))
    }
}
