import Testing

/// What a contract may not do to the release before it: each case with its place, its sentence and its fix.
@Suite struct IllegalEvolutionTests {
    typealias Case = (name: String, edits: [FrozenSnippet.Edit], refusal: String)

    static let newVersion: FrozenSnippet.Edit = ("version: \"1.2\"", "version: \"1.3\"")

    static let numbersAndTypes: [Case] = [
        (
            "a number is reused for another type",
            [newVersion, ("int32 weight = 2;", "int64 mass = 2 [(stator.v1.field) = { since: \"1.3\" }];")],
            "26: example.v1.Gadget.mass has number 2, which release 0.1 gave to weight. "
                + "Fix: take a number that no release has used: 11."
        ),
        (
            "a number is reused while its field has another",
            [newVersion, ("int32 weight = 2;", "int32 mass = 2; optional int32 weight = 12;")],
            """
            26: example.v1.Gadget.mass has number 2, which release 0.1 gave to weight. \
            Fix: take a number that no release has used: 13.
            26: example.v1.Gadget.weight has number 12, but release 0.1 knows it as number 2. Fix: write number 2.
            """
        ),
        (
            "a number changes", [newVersion, ("int32 weight = 2;", "int32 weight = 12;")],
            "26: example.v1.Gadget.weight has number 12, but release 0.1 knows it as number 2. Fix: write number 2."
        ),
        (
            "a field is renamed", [newVersion, ("int32 weight = 2;", "int32 mass = 2;")],
            "26: example.v1.Gadget.mass is named weight in release 0.1. Fix: keep the name; or declare mass with "
                + "number 11, a `since` and `lowering: LOWERING_CONVERT`, and give weight an `until`."
        ),
        (
            "a type changes", [newVersion, ("int32 weight", "int64 weight")],
            "26: example.v1.Gadget.weight has the type int64, but int32 in release 0.1. \(anotherField)"
        ),
        (
            "a type changes to one with another encoding", [newVersion, ("int32 weight", "sint32 weight")],
            "26: example.v1.Gadget.weight has the type sint32, but int32 in release 0.1. \(anotherField)"
        ),
        (
            "a single field becomes a list", [newVersion, ("optional int32 weight", "repeated int32 weight")],
            "26: example.v1.Gadget.weight is repeated, but optional in release 0.1. \(anotherField)"
        ),
        (
            "a list becomes a single field", [newVersion, ("repeated string tags", "optional string tags")],
            "27: example.v1.Gadget.tags is optional, but repeated in release 0.1. \(anotherField)"
        ),
        (
            "a list becomes a map", [newVersion, ("repeated string tags", "map<string, string> tags")],
            "27: example.v1.Gadget.tags has the type map<string, string>, but string in release 0.1. \(anotherField)"
        ),
        (
            "an enumeration is swapped", [newVersion, ("optional Colour colour", "optional Size colour")],
            "28: example.v1.Gadget.colour has the enumeration example.v1.Size, but example.v1.Colour in release 0.1. "
                + anotherField
        ),
        (
            "a message is swapped", [newVersion, ("optional Part part", "optional Other part")],
            "29: example.v1.Gadget.part has the message example.v1.Other, but example.v1.Part in release 0.1. "
                + anotherField
        ),
    ]

    static let anotherField =
        "Fix: take that back, and declare another field with a `since` and `lowering: LOWERING_CONVERT`; give this "
        + "one an `until`."

    static let versions: [Case] = [
        (
            "a new field has no since", [("int32 weight = 2;", "int32 weight = 2; optional int32 width = 11;")],
            "26: example.v1.Gadget.width is new since release 0.1, but does not say since which version. "
                + "Fix: write `since: \"1.3\"` and raise the version of example.v1.Gadget to 1.3."
        ),
        (
            "a new field has no since in a new version",
            [newVersion, ("int32 weight = 2;", "int32 weight = 2; optional int32 width = 11;")],
            "26: example.v1.Gadget.width is new since release 0.1, but does not say since which version. "
                + "Fix: write `since: \"1.3\"`."
        ),
        (
            "a new field is as old as the release",
            [("int32 weight = 2;", "int32 weight = 2; optional int32 width = 11 [\(since("1.2"))];")],
            "26: example.v1.Gadget.width exists since 1.2, but release 0.1 froze version 1.2 without it. "
                + "Fix: write `since: \"1.3\"` and raise the version of example.v1.Gadget to 1.3."
        ),
        (
            "a new field is newer than its object",
            [("int32 weight = 2;", "int32 weight = 2; optional int32 width = 11 [\(since("1.3"))];")],
            "26: example.v1.Gadget.width exists since 1.3, but the object is at version 1.2 only. "
                + "Fix: raise the object's version to 1.3."
        ),
        (
            "a released field gets a since",
            [newVersion, ("int32 weight = 2;", "int32 weight = 2 [\(since("1.3"))];")],
            "26: example.v1.Gadget.weight exists since 1.3, but in release 0.1 since the first version. "
                + "Fix: remove `since`."
        ),
        (
            "a released field gets another since",
            [newVersion, ("since: \"1.1\", lowering", "since: \"1.2\", lowering")],
            "31: example.v1.Gadget.note exists since 1.2, but in release 0.1 since 1.1. Fix: write `since: \"1.1\"`."
        ),
        (
            "an object changes without a new version", [("length_max: 100", "length_max: 200")],
            "23: example.v1.Gadget is at version 1.2, which release 0.1 froze, but differs from it: name. "
                + "Fix: raise its version to 1.3."
        ),
        (
            "a version is lowered",
            [("version: \"1.2\"", "version: \"1.1\""), ("{ until: \"1.2\" }", "{ until: \"1.1\" }")],
            "23: example.v1.Gadget is at version 1.1, but release 0.1 froze version 1.2. "
                + "Fix: write version \"1.2\", or a newer one."
        ),
        (
            "a major version is raised", [("version: \"1.2\"", "version: \"2.0\"")],
            "23: example.v1.Gadget is at version 2.0, but release 0.1, which is supported, knows 1.2 and understands no "
                + "other major version. Fix: write version \"1.3\", or declare a message of a new name."
        ),
        (
            "a version is removed",
            [("message Part {\n  option (stator.v1.object) = { version: \"1.0\" };", "message Part {\n")],
            "13: example.v1.Part has no version, but release 0.1 knows it at version 1.0. "
                + "Fix: write `option (stator.v1.object) = { version: \"1.0\" };` again."
        ),
        (
            "a message without version changes", [("string text = 1;", "string text = 1; optional string more = 2;")],
            "20: example.v1.Loose has no version, so it cannot change, but differs from release 0.1: more. "
                + "Fix: take the change back, and declare a new message with a version."
        ),
        (
            "a message without version gets one",
            [("string text = 1;", "string text = 1; option (stator.v1.object) = { version: \"1.0\" };")],
            "20: example.v1.Loose is at version 1.0, but release 0.1 knows it without one and could not be sent it. "
                + "Fix: remove the version, and declare a new message that has one."
        ),
    ]

    static func since(_ version: String) -> String { "(stator.v1.field) = { since: \"\(version)\" }" }

    static let removals: [Case] = [
        (
            "a field is removed", [newVersion, ("optional int32 weight = 2;", "reserved 2;")],
            "23: example.v1.Gadget.weight is gone, but release 0.1, which is supported, has it. Fix: declare it again "
                + "with `until: \"1.3\"`; the release after the one that says so can remove it."
        ),
        (
            "a field that had ended is removed and its number is not reserved",
            [newVersion, ("optional string old = 9 [(stator.v1.field) = { until: \"1.2\" }];", "")],
            "23: example.v1.Gadget does not reserve number 9, which release 0.1 gave to old. Fix: write `reserved 9;`."
        ),
        (
            "the number of a field that had ended is taken",
            [newVersion, ("string old = 9 [(stator.v1.field) = { until: \"1.2\" }];", "int32 young = 9;")],
            "33: example.v1.Gadget.young has number 9, which release 0.1 gave to old. "
                + "Fix: take a number that no release has used: 11."
        ),
        (
            "a field that had ended comes back",
            [newVersion, (" [(stator.v1.field) = { until: \"1.2\" }]", "")],
            "33: example.v1.Gadget.old has another `until` than in release 0.1, where it ended at 1.2. "
                + "Fix: write `until: \"1.2\"`; declare another field if it is needed again."
        ),
        (
            "a field ends in a version that has it",
            [newVersion, ("int32 weight = 2;", "int32 weight = 2 [(stator.v1.field) = { until: \"1.2\" }];")],
            "26: example.v1.Gadget.weight ends at 1.2, but release 0.1 froze version 1.2 with it. "
                + "Fix: write `until: \"1.3\"`, or a newer version."
        ),
        (
            "an object is removed",
            [
                ("message Question {", "message Query {"), ("Get(Question)", "Get(Query)"), ("(Question)", "(Query)"),
                ("(Question)", "(Query)"),
            ],
            """
            44: example.v1.Desk/Get takes example.v1.Query, but example.v1.Question in release 0.1. \(anotherMethod)
            47: example.v1.Desk/Leave returns example.v1.Query, but example.v1.Question in release 0.1. \(anotherMethod)
            50: example.v1.Desk/Show returns example.v1.Query, but example.v1.Question in release 0.1. \(anotherMethod)
            RELEASES/0.1/example.proto:36: example.v1.Question is gone, but release 0.1, which is supported, has it. \
            Fix: declare it again; it can go when no supported release has a method or a field with it.
            """
        ),
    ]

    static let enumerations: [Case] = [
        (
            "a value is removed", [newVersion, ("COLOUR_GREEN = 1;", "")],
            "7: example.v1.Colour.COLOUR_GREEN is gone, but release 0.1 has it and may send it. "
                + "Fix: declare it again with number 1; values are never removed."
        ),
        (
            "a value's number changes", [newVersion, ("COLOUR_GREEN = 1;", "COLOUR_GREEN = 3;")],
            "9: example.v1.Colour.COLOUR_GREEN has number 3, but release 0.1 knows it as number 1. "
                + "Fix: write number 1."
        ),
        (
            "a value's number is reused", [newVersion, ("COLOUR_GREEN = 1;", "COLOUR_OLIVE = 1;")],
            "9: example.v1.Colour.COLOUR_OLIVE has number 1, which release 0.1 gave to COLOUR_GREEN. "
                + "Fix: keep the name; a new value takes a number that no release has used."
        ),
        (
            "a new value has no since", [("COLOUR_GREEN = 1;", "COLOUR_GREEN = 1; COLOUR_PINK = 3;")],
            "9: example.v1.Colour.COLOUR_PINK is new since release 0.1, but does not say since which version of "
                + "example.v1.Gadget. Fix: write `since: \"1.3\"` and raise the version of example.v1.Gadget to 1.3."
        ),
        (
            "a new value is as old as the release",
            [
                newVersion,
                ("COLOUR_GREEN = 1;", "COLOUR_GREEN = 1; COLOUR_PINK = 3 [(stator.v1.value) = { since: \"1.2\" }];"),
            ],
            "9: example.v1.Colour.COLOUR_PINK exists since 1.2, but release 0.1 froze version 1.2 of "
                + "example.v1.Gadget without it. Fix: write `since: \"1.3\"`."
        ),
        (
            "a released value gets a since",
            [newVersion, ("COLOUR_GREEN = 1;", "COLOUR_GREEN = 1 [(stator.v1.value) = { since: \"1.3\" }];")],
            "9: example.v1.Colour.COLOUR_GREEN exists since 1.3, but in release 0.1 since the first version. "
                + "Fix: remove `since`."
        ),
        (
            "a released value is lowered otherwise",
            [newVersion, ("lower_as: \"COLOUR_RED\"", "lower_as: \"COLOUR_GREEN\"")],
            "10: example.v1.Colour.COLOUR_BLUE has another `lower_as` than in release 0.1. "
                + "Fix: write `lower_as: \"COLOUR_RED\"`."
        ),
    ]

    static let properties: [Case] = [
        (
            "the lowering of a released field changes", [newVersion, ("LOWERING_REFUSE", "LOWERING_DROP")],
            "31: example.v1.Gadget.note is lowered by LOWERING_DROP, but by LOWERING_REFUSE in release 0.1, and a "
                + "receiver cannot tell which of them it got. Fix: write `lowering: LOWERING_REFUSE`."
        ),
        (
            "a format becomes narrower", [newVersion, ("length_max: 100", "length_max: 100, format: FORMAT_NAME")],
            "25: example.v1.Gadget.name has FORMAT_NAME, but release 0.1 sends values of FORMAT_PLAIN, which may not "
                + "be of that form. Fix: write `format: FORMAT_PLAIN`."
        ),
        (
            "a format becomes another", [newVersion, ("FORMAT_NAME", "FORMAT_IP_ADDRESS")],
            "32: example.v1.Gadget.host has FORMAT_IP_ADDRESS, but release 0.1 sends values of FORMAT_NAME, which may "
                + "not be of that form. Fix: write `format: FORMAT_NAME`."
        ),
        (
            "a greatest length is lowered", [newVersion, ("length_max: 100", "length_max: 99")],
            "25: example.v1.Gadget.name has at most 99 bytes, but release 0.1 sends up to 100. "
                + "Fix: write `length_max: 100`, or more."
        ),
        (
            "a list without a declared length gets a shorter one",
            [newVersion, ("string tags = 3;", "string tags = 3 [(stator.v1.field) = { length_max: 1023 }];")],
            "27: example.v1.Gadget.tags has at most 1023 elements, but release 0.1 sends up to 1024. "
                + "Fix: write `length_max: 1024`, or more."
        ),
        (
            "a field is no longer sensitive", [newVersion, ("sensitive: true", "sensitive: false")],
            "30: example.v1.Gadget.secret is no longer sensitive, but release 0.1 promised to mask it. "
                + "Fix: write `sensitive: true`."
        ),
    ]

    static let anotherMethod = "Fix: take that back, and declare a method of a new name with `since: 2`."

    static let methods: [Case] = [
        (
            "a method has no callers", [("callers: [CALLER_CLASS_API, CALLER_CLASS_USER], ", "")],
            "44: example.v1.Desk/Get names no callers, so nobody could call it. "
                + "Fix: add `option (call) = { callers: [CALLER_CLASS_…], since: 1 };`."
        ),
        (
            "a method is removed", [("rpc Show(Other)", "rpc Display(Other)"), (callOptions, "since: 2 };\n  }\n}")],
            "43: example.v1.Desk/Show is gone, but release 0.1, which service version 2 has to serve, calls it. "
                + "Fix: declare it again with `until: 3`; service version 3 can remove it."
        ),
        (
            "a service is removed",
            [
                ("service Desk", "service Counter"), ("idempotent: true, since: 1", "since: 2"),
                ("since: 1, until: 2", "since: 2"), (callOptions, "since: 2 };\n  }\n}"),
            ],
            """
            RELEASES/0.1/example.proto:44: example.v1.Desk/Get is gone, but release 0.1, which service version 2 has to \
            serve, calls it. Fix: declare it again with `until: 3`; service version 3 can remove it.
            RELEASES/0.1/example.proto:50: example.v1.Desk/Show is gone, but release 0.1, which service version 2 has \
            to serve, calls it. Fix: declare it again with `until: 3`; service version 3 can remove it.
            """
        ),
        (
            "a request changes", [("Show(Other)", "Show(Part)")],
            "50: example.v1.Desk/Show takes example.v1.Part, but example.v1.Other in release 0.1. \(anotherMethod)"
        ),
        (
            "a response changes", [("returns (Gadget)", "returns (Part)")],
            "44: example.v1.Desk/Get returns example.v1.Part, but example.v1.Gadget in release 0.1. \(anotherMethod)"
        ),
        (
            "a method becomes a stream", [("returns (Gadget)", "returns (stream Gadget)")],
            "44: example.v1.Desk/Get is server-streaming, but unary in release 0.1. \(anotherMethod)"
        ),
        (
            "a caller is shut out", [(", CALLER_CLASS_USER", "")],
            "44: example.v1.Desk/Get no longer allows CALLER_CLASS_USER, which call it in release 0.1. "
                + "Fix: add CALLER_CLASS_USER to its callers."
        ),
        (
            "a method is no longer idempotent", [("idempotent: true, ", "")],
            "44: example.v1.Desk/Get is no longer idempotent, but clients of release 0.1 repeat it. "
                + "Fix: write `idempotent: true`, or declare a method of a new name."
        ),
        (
            "a new method has no since", [newMethod("")],
            "44: example.v1.Desk/Find is new since release 0.1, but does not say since which service version. "
                + "Fix: write `since: 2`."
        ),
        (
            "a new method is as old as the release", [newMethod(", since: 1")],
            "44: example.v1.Desk/Find exists since service version 1, but release 0.1, which is service version 1, "
                + "lacks it. Fix: write `since: 2`."
        ),
        (
            "a new method is newer than the next release", [newMethod(", since: 3")],
            "44: example.v1.Desk/Find exists since service version 3, but the next release is service version 2. "
                + "Fix: write `since: 2`."
        ),
        (
            "a released method gets another since", [("idempotent: true, since: 1", "idempotent: true, since: 2")],
            "44: example.v1.Desk/Get exists since service version 2, but in release 0.1 since 1. Fix: write `since: 1`."
        ),
        (
            "a released method ends at once", [(callOptions, "since: 1, until: 2 };\n  }\n}")],
            "50: example.v1.Desk/Show ends at service version 2, but release 0.1, which service version 2 has to serve, "
                + "calls it. Fix: write `until: 3`."
        ),
    ]

    /// Those of the last method.
    static let callOptions = "since: 1 };\n  }\n}"

    static func newMethod(_ options: String) -> FrozenSnippet.Edit {
        (
            "  rpc Get(",
            "  rpc Find(Question) returns (Gadget) { option (stator.v1.call) = { callers: [CALLER_CLASS_API]\(options) }; }"
                + "\n  rpc Get("
        )
    }

    static let all = numbersAndTypes + versions + removals + enumerations + properties + methods

    @Test(arguments: all.indices)
    func `an illegal change is refused with its place, the reason and a fix`(index: Int) throws {
        let (name, edits, refusal) = Self.all[index]
        let found = try FrozenSnippet.refusal(edits)
        #expect(found == refusal, "\(name)")
    }
}
