import Testing

@Suite struct `Code rules` {
    @Test func `everything hand-written keeps the rules for code`() throws {
        let files = try Repository.sources.get() + Repository.tests.get()
        let violations = files.flatMap(CodeRules.violations)
        #expect(violations.isEmpty, "\(list(violations))")
    }

    @Test func `Sources keep the rules for what is shipped`() throws {
        let violations = try Repository.sources.get().flatMap(CodeRules.violationsInSources)
        #expect(violations.isEmpty, "\(list(violations))")
    }

    @Test(
        "the checker reports what each rule forbids",
        arguments: [
            ("func f() async {\n    while true {\n        await g { 1 }\n    }\n}", "miscompiled"),
            ("let a = try! g()", "'try!' traps"),
            ("let a = b as! C", "'as!' traps"),
            ("func f() { fatalError(\"no\") }", "'fatalError' traps"),
            ("final class A: @unchecked Sendable {}", "argues safety"),
            ("nonisolated(unsafe) var a = 1", "argues safety"),
            ("struct ServerManager {}", "name it for its subject"),
            ("// TO" + "DO: later", "names its issue"),
            (String(repeating: "\n", count: 501), "501 lines"),
            ("func f() {" + String(repeating: "\n", count: 61) + "}", "a function of 61 lines"),
            ("init(a: Int) throws {" + String(repeating: "\n", count: 61) + "}", "a function of 61 lines"),
        ]
    )
    func reports(text: String, reason: String) {
        let messages = allViolations(text).map(\.message)
        #expect(messages.contains { $0.contains(reason) }, "\(messages)")
    }

    @Test(
        "the checker accepts what the rules allow",
        arguments: [
            "while true {\n    step()\n}\nawait f()",
            "while !stopped {\n    await step()\n}",
            "let text = \"try! as! fatalError\"  // try! says the test",
            "// Only its loop touches it.\nfinal class A: @unchecked Sendable {}",
            "// Set once, before any thread starts.\n@available(*, unavailable)\nnonisolated(unsafe) var a = 1",
            "// TO" + "DO #12: later",
            "let text = \"\\(f(\"{\") ? \"}\" : \"\")\"",
            String(repeating: "\n", count: 500),
        ]
    )
    func accepts(text: String) {
        #expect(allViolations(text) == [])
    }

    private func allViolations(_ text: String) -> [Violation] {
        let file = SourceFile(path: "Sources/Sample/Sample.swift", text: text)
        return CodeRules.violations(in: file) + CodeRules.violationsInSources(in: file)
    }
}
