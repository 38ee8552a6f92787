import StubGenerator
import Testing

@Suite struct MapTextTests {
    private static let gadget = Snippet.proto(
        """
        message Gadget {
          option (stator.v1.object) = { version: "1.1" };
          // What belongs to it.
          map<string, string> host_names = 2 [(stator.v1.field) = {
            since: "1.1", length_max: 64, sensitive: true, format: FORMAT_NAME
          }];
          map<int32, Gadget> parts = 1 [(stator.v1.field) = { lazy: true }];
        }
        """)

    @Test func `a map has a schema of its entries and a property that is a dictionary`() throws {
        let text = try #require(try Snippet.generate(Self.gadget).get()["Gadget.swift"])
        #expect(
            text.hasSuffix(
                """
                        fields: [
                            FieldSchema(1, "parts", .message { Gadget.partsEntrySchema }, isRepeated: true, isMap: true, isLazy: true),
                            FieldSchema(
                                2, "host_names", .message { Gadget.hostNamesEntrySchema }, isRepeated: true, isMap: true,
                                since: ObjectVersion(1, 1), lengthMax: 64, isSensitive: true),
                        ])

                    public var content: MessageContent

                    public init(content: MessageContent) {
                        self.content = content
                    }

                    private static let hostNamesEntrySchema: MessageSchema = unsafe MessageSchema(
                        name: "example.v1.Gadget.HostNamesEntry",
                        descriptor: example_v1_gadget_host_names_entry_descriptor(),
                        fields: [
                            FieldSchema(1, "key", .string, lengthMax: 255),
                            FieldSchema(2, "value", .string, format: .name),
                        ])

                    private static let partsEntrySchema: MessageSchema = unsafe MessageSchema(
                        name: "example.v1.Gadget.PartsEntry",
                        descriptor: example_v1_gadget_parts_entry_descriptor(),
                        fields: [
                            FieldSchema(1, "key", .int32),
                            FieldSchema(2, "value", .message { Gadget.schema }),
                        ])

                    /// What belongs to it.
                    public var hostNames: [String: String] {
                        get { content.map(1) }
                        set { content.set(1, newValue) }
                    }

                    public var parts: [Int32: Gadget] {
                        get { content.map(0) }
                        set { content.set(0, newValue) }
                    }
                }

                """))
    }

    @Test(arguments: [
        ("string, bytes", "[String: [UInt8]]"), ("sint64, bool", "[Int64: Bool]"),
        ("fixed32, double", "[UInt32: Double]"),
        ("uint64, E", "[UInt64: E]"),
    ])
    func `a map's type`(types: String, swift: String) throws {
        let text = Snippet.proto("enum E { E_A = 0; }\nmessage A { map<\(types)> a = 1; }")
        let file = try #require(try Snippet.generate(text).get()["A.swift"])
        #expect(file.contains("    public var a: \(swift) {\n        get { content.map(0) }\n"))
    }

    @Test func `in C an entry is a message whose strings are bytes`() throws {
        let files = try Snippet.generate(Self.gadget, parameters: "mode=c,c_module=CExample").get()
        let code = try #require(files["example.pb-c.c"])
        #expect(code.contains("PROTOBUF_C_TYPE_STRING") == false)
        #expect(code.contains("const ProtobufCMessageDescriptor example__v1__gadget__host_names_entry__descriptor"))
        let header = try #require(files["include/CExample.h"])
        #expect(header.contains("example_v1_gadget_host_names_entry_descriptor(void)"))
    }
}
