import StubGenerator
import Testing

/// From a model, or from pieces, to text, without any descriptor.
@Suite struct TextStageTests {
    private static let place = Place(file: "example.proto", line: nil)

    @Test func `an enumeration's text is made of its model`() {
        let model = EnumModel(
            fullName: "example.v1.Outer.Level", typeName: TypeName(["Outer", "Level"]), documentation: "How much.",
            values: [
                EnumModel.Value(
                    name: "LEVEL_DEFAULT", caseName: "default", number: -1, text: "default", since: nil, loweredAs: nil,
                    documentation: "", place: Self.place),
                EnumModel.Value(
                    name: "LEVEL_HIGH", caseName: "high", number: 7, text: "high", since: Version(2, 1), loweredAs: -1,
                    documentation: "Very much.", place: Self.place),
            ], place: Self.place)
        var text = SwiftText()
        text.enumeration(model)
        #expect(
            text.source == """
                extension Outer {
                    /// How much.
                    public enum Level: Int32, MessageEnum {
                        case `default` = -1
                        /// Very much.
                        case high = 7

                        public static let schema = EnumSchema(
                            name: "example.v1.Outer.Level",
                            values: [
                                EnumValueSchema(-1, "default"),
                                EnumValueSchema(7, "high", since: ObjectVersion(2, 1), loweredAs: -1),
                            ])
                    }
                }

                """)
    }

    @Test func `arguments move down where a line is too long, and no earlier`() {
        let argument = String(repeating: "a", count: 109)
        var text = SwiftText()
        text.call("f", [argument, "bb", "cc"])
        text.call("f", [argument, "bb", "ccc"])
        text.call("func f", [argument, "bb", "ccc"], " {", closingOnOwnLine: true)
        text.list("let x = ", [argument, "ccc"])
        #expect(
            text.lines == [
                "f(\(argument), bb, cc)", "f(", "    \(argument), bb,", "    ccc)", "func f(", "    \(argument), bb,",
                "    ccc", ") {", "let x = [", "    \(argument), ccc,", "]",
            ])
    }

    @Test func `a comment is broken at the end of a line and after its first sentence`() {
        var text = SwiftText()
        text.documentation(" One. Two e.g. three.\n\n \(String(repeating: "word ", count: 24))\n")
        #expect(
            text.lines == [
                "/// One.", "///", "/// Two e.g. three.", "///",
                "///" + String(repeating: " word", count: 23), "/// word",
            ])
    }

    @Test func `problems tell place, sentence and fix, a line each`() {
        let problems = Problems([
            Problem(file: "a.proto", line: 3, sentence: "It is so.", fix: "change it."),
            Problem(file: "b", line: nil, sentence: "It is not.", fix: "leave it."),
        ])
        #expect(problems.description == "a.proto:3: It is so. Fix: change it.\nb: It is not. Fix: leave it.")
    }
}
