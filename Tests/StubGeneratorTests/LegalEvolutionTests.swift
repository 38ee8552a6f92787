import Testing

/// What a contract may do to the release before it.
@Suite struct LegalEvolutionTests {
    typealias Case = (name: String, edits: [FrozenSnippet.Edit])

    static let newVersion = IllegalEvolutionTests.newVersion

    static func newField(_ declaration: String) -> Case {
        (declaration, [newVersion, ("int32 weight = 2;", "int32 weight = 2; \(declaration)")])
    }

    static let objects: [Case] = [
        ("nothing changes", []),
        ("comments and spaces change", [("  optional int32 weight", "  // Kilograms.\n\n    optional  int32 weight")]),
        (
            "declarations change places",
            [
                ("  optional int32 weight = 2;\n", ""),
                ("repeated string tags = 3;", "repeated string tags = 3;\n  optional int32 weight = 2;"),
            ]
        ),
        (
            "a new object",
            [("message Part {", "message Whole { option (stator.v1.object) = { version: \"1.0\" }; }\nmessage Part {")]
        ),
        ("a new enumeration", [("message Part {", "enum Mood { MOOD_GOOD = 0; }\nmessage Part {")]),
        ("a new version of its own accord", [newVersion]),
        newField("optional int32 width = 11 [(stator.v1.field) = { since: \"1.3\" }];"),
        newField("optional int32 width = 11 [(stator.v1.field) = { since: \"1.3\", lowering: LOWERING_REFUSE }];"),
        newField("optional int32 width = 11 [(stator.v1.field) = { since: \"1.3\", lowering: LOWERING_CONVERT }];"),
        newField("repeated Part parts = 11 [(stator.v1.field) = { since: \"1.3\", lazy: true }];"),
        newField("map<string, Part> by_name = 11 [(stator.v1.field) = { since: \"1.3\" }];"),
        newField("optional Mood mood = 11 [(stator.v1.field) = { since: \"1.3\" }]; enum Mood { MOOD_GOOD = 0; }"),
        (
            "a field is renamed with a conversion",
            [
                newVersion, ("int32 weight = 2;", "int32 weight = 2 [(stator.v1.field) = { until: \"1.3\" }];"),
                (
                    "optional bytes secret",
                    "optional int64 mass = 11 [(stator.v1.field) = { since: \"1.3\", lowering: LOWERING_CONVERT }];\n"
                        + "  optional bytes secret"
                ),
            ]
        ),
        (
            "a field that had ended is removed, its number reserved",
            [newVersion, ("optional string old = 9 [(stator.v1.field) = { until: \"1.2\" }];", "reserved 9;")]
        ),
        ("a longer greatest length", [newVersion, ("length_max: 100", "length_max: 101")]),
        ("a wider format", [newVersion, ("FORMAT_NAME", "FORMAT_PLAIN")]),
        ("a field becomes sensitive", [newVersion, ("length_max: 100", "length_max: 100, sensitive: true")]),
        (
            "a field becomes lazy",
            [newVersion, ("int32 weight = 2;", "int32 weight = 2 [(stator.v1.field) = { lazy: true }];")]
        ),
    ]

    static func newValue(_ options: String) -> FrozenSnippet.Edit {
        ("COLOUR_GREEN = 1;", "COLOUR_GREEN = 1; COLOUR_PINK = 3 \(options);")
    }

    static let enumerations: [Case] = [
        ("a new value", [newVersion, newValue("[(stator.v1.value) = { since: \"1.3\" }]")]),
        (
            "a new value with a stand-in",
            [newVersion, newValue("[(stator.v1.value) = { since: \"1.3\", lower_as: \"COLOUR_RED\" }]")]
        ),
        (
            "a new value whose stand-in has one",
            [newVersion, newValue("[(stator.v1.value) = { since: \"1.3\", lower_as: \"COLOUR_BLUE\" }]")]
        ),
        ("a new value that no released object has", [("SIZE_SMALL = 0;", "SIZE_SMALL = 0; SIZE_LARGE = 1;")]),
    ]

    static let methods: [Case] = [
        ("a new method", [IllegalEvolutionTests.newMethod(", since: 2")]),
        (
            "more callers",
            [
                (
                    "callers: [CALLER_CLASS_API], since: 1, until: 2",
                    "callers: [CALLER_CLASS_API, CALLER_CLASS_USER], since: 1, until: 2"
                )
            ]
        ),
        ("a method becomes idempotent", [(IllegalEvolutionTests.callOptions, "since: 1, idempotent: true };\n  }\n}")]),
        (
            "a method gets an end that is announced",
            [(IllegalEvolutionTests.callOptions, "since: 1, until: 3 };\n  }\n}")]
        ),
        ("an announced end is put off", [("until: 2", "until: 3")]),
        (
            "a method whose end was announced is removed, and its request",
            [
                ("message Farewell {\n  option (stator.v1.object) = { version: \"1.0\" };\n}\n", ""),
                (
                    "  rpc Leave(Farewell) returns (Question) {\n    option (stator.v1.call) = { callers: [CALLER_CLASS_API], since: 1, until: 2 };\n  }\n",
                    ""
                ),
            ]
        ),
        ("a method has priority", [(IllegalEvolutionTests.callOptions, "since: 1, priority: true };\n  }\n}")]),
    ]

    static let all = objects + enumerations + methods

    @Test(arguments: all.indices)
    func `a legal change is accepted`(index: Int) throws {
        let (name, edits) = Self.all[index]
        let found = try FrozenSnippet.refusal(edits)
        #expect(found == nil, "\(name)")
    }
}
