import Testing

@Suite struct EnumRefusalTests {
    static let cases: [(values: String, refusal: String?)] = [
        ("E_B = 1 [(stator.v1.value) = { since: \"1.1\", lower_as: \"E_A\" }];", nil),
        (
            "E_B = 1 [(stator.v1.value) = { since: \"1.1\", lower_as: \"E_A\" }];\n"
                + "  E_C = 2 [(stator.v1.value) = { since: \"1.2\", lower_as: \"E_B\" }];",
            nil
        ),
        (
            "E_B = 1 [(stator.v1.value) = { since: \"1.1\", lower_as: \"E_X\" }];",
            "9: example.v1.E.E_B is lowered as E_X, which is no value of example.v1.E. "
                + "Fix: name a value of the same enumeration."
        ),
        (
            "E_B = 1 [(stator.v1.value) = { lower_as: \"E_A\" }];",
            "9: example.v1.E.E_B says what it is lowered as, but every version knows it. "
                + "Fix: say since which version it exists, or remove `lower_as`."
        ),
        (
            "E_B = 1 [(stator.v1.value) = { since: \"1.1\", lower_as: \"E_C\" }];\n"
                + "  E_C = 2 [(stator.v1.value) = { since: \"1.1\", lower_as: \"E_A\" }];",
            "9: example.v1.E.E_B is lowered as E_C, which is not older: it exists since 1.1. "
                + "Fix: name a value that is older than 1.1."
        ),
        (
            "E_B = 1 [(stator.v1.value) = { since: \"1.1\" }];\n"
                + "  E_C = 2 [(stator.v1.value) = { since: \"1.2\", lower_as: \"E_B\" }];",
            "10: example.v1.E.E_C is lowered as E_B, which versions before 1.1 lack too. "
                + "Fix: name a value without `since`, or give E_B a `lower_as` of its own."
        ),
        (
            "E_B = 1 [(stator.v1.value) = { since: \"2.3\" }];",
            "9: example.v1.E.E_B exists since 2.3, but example.v1.A, which carries the enumeration, is at version "
                + "1.2 only. Fix: raise the version of example.v1.A to 2.3."
        ),
    ]

    @Test(arguments: cases)
    func `a value that no rule could lower is refused`(values: String, refusal: String?) throws {
        let text = """
            enum E {
              E_A = 0;
              \(values)
            }
            message A {
              option (stator.v1.object) = { version: "1.2" };
              optional E e = 1;
            }
            """
        let found = try Snippet.refusal(Snippet.proto(text))
        #expect(found == refusal)
    }

    @Test(arguments: [
        ("optional E e = 1 [(stator.v1.field) = { lowering: LOWERING_REFUSE }];", true),
        ("repeated E e = 1 [(stator.v1.field) = { lowering: LOWERING_REFUSE }];", true),
        ("optional E e = 1 [(stator.v1.field) = { lowering: LOWERING_CONVERT }];", false),
    ])
    func `a field that every version has may refuse values that some versions lack`(
        field: String, isAccepted: Bool
    ) throws {
        let text =
            "enum E { E_A = 0; }\nmessage A {\n  option (stator.v1.object) = { version: \"1.0\" };\n  \(field)\n}"
        let refusal = try Snippet.refusal(Snippet.proto(text))
        #expect((refusal == nil) == isAccepted)
    }
}
