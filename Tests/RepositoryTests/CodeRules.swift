/// Rules about code that the formatter doesn't know.
enum CodeRules {
    static let fileLinesMax = 500
    static let functionLinesMax = 60

    /// Rules for everything hand-written.
    static func violations(in file: SourceFile) -> [Violation] {
        length(of: file) + unownedTasks(in: file) + awaitInEndlessLoop(in: file)
    }

    /// Rules for what is shipped; a test may trap.
    static func violationsInSources(in file: SourceFile) -> [Violation] {
        traps(in: file) + unexplainedEscapes(in: file) + emptyNames(in: file) + functionLengths(of: file)
    }

    private static func length(of file: SourceFile) -> [Violation] {
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        guard count > fileLinesMax else { return [] }
        return [Violation(path: file.path, line: count, message: "\(count) lines, at most \(fileLinesMax): split it")]
    }

    /// Notes of work to do name the issue that will do it.
    private static func unownedTasks(in file: SourceFile) -> [Violation] {
        zip(file.lines, file.codeLines).enumerated().compactMap { index, pair in
            // Only what is blanked as comment or literal can be a note.
            guard pair.0 != pair.1, pair.0.contains(/\b(TODO|FIXME|XXX)\b(?!.*#\d)/) else { return nil }
            return Violation(path: file.path, line: index + 1, message: "a note of work to do names its issue: #12")
        }
    }

    /// The optimiser of 6.3.1 miscompiles awaits in a loop whose condition is the literal true.
    private static func awaitInEndlessLoop(in file: SourceFile) -> [Violation] {
        file.code.ranges(of: /\bwhile\s+true\s*\{/).compactMap { range in
            guard block(in: file.code, openedBefore: range.upperBound).contains(/\bawait\b/) else { return nil }
            return Violation(
                path: file.path, line: line(of: range.lowerBound, in: file.code),
                message: "'while true' around an await is miscompiled when optimised; name the condition")
        }
    }

    private static func traps(in file: SourceFile) -> [Violation] {
        matches(of: /\b(?:try!|as!)|\bfatalError\b/, in: file).map { line, text in
            Violation(path: file.path, line: line, message: "'\(text)' traps; throw an error that says what happened")
        }
    }

    /// What switches the compiler's data-race checks off is argued for in a comment above it.
    private static func unexplainedEscapes(in file: SourceFile) -> [Violation] {
        let lines = file.lines
        return matches(of: /@unchecked\s+Sendable|\bnonisolated\(unsafe\)|@preconcurrency/, in: file)
            .filter { line, _ in !hasCommentAbove(line, in: lines) }
            .map { line, text in
                Violation(path: file.path, line: line, message: "'\(text)' needs a comment above it that argues safety")
            }
    }

    private static func hasCommentAbove(_ line: Int, in lines: [Substring]) -> Bool {
        var index = line - 2
        // Attributes, and the declaration's own earlier lines, may stand between.
        while index >= 0, line - index < 5, !lines[index].isBlank {
            if lines[index].contains("//") { return true }
            index -= 1
        }
        return lines[line - 1].contains("//")
    }

    /// Words that say nothing about what a type is for.
    private static func emptyNames(in file: SourceFile) -> [Violation] {
        matches(
            of: /\b(?:class|struct|enum|actor|protocol)\s+\w*(?:Manager|Helper|Helpers|Util|Utils|Misc|Impl)\b/,
            in: file
        )
        .map { line, text in
            Violation(path: file.path, line: line, message: "'\(text)': name it for its subject or its job")
        }
    }

    private static func functionLengths(of file: SourceFile) -> [Violation] {
        file.code.ranges(of: /\b(?:func\s+[\w`]+|init)[?<(][^{}]*\{/).compactMap { range in
            let count = block(in: file.code, openedBefore: range.upperBound).count { $0 == "\n" }
            guard count > functionLinesMax else { return nil }
            return Violation(
                path: file.path, line: line(of: range.lowerBound, in: file.code),
                message: "a function of \(count) lines, at most \(functionLinesMax): split it")
        }
    }

    private static func matches(of pattern: Regex<Substring>, in file: SourceFile) -> [(line: Int, text: String)] {
        file.codeLines.enumerated().flatMap { index, line in
            line.matches(of: pattern).map { (index + 1, String($0.output)) }
        }
    }

    /// The text from an opened brace to the one that closes it.
    private static func block(in code: String, openedBefore start: String.Index) -> Substring {
        var depth = 1
        var end = start
        while end < code.endIndex, depth > 0 {
            if code[end] == "{" { depth += 1 }
            if code[end] == "}" { depth -= 1 }
            end = code.index(after: end)
        }
        return code[start..<end]
    }

    private static func line(of position: String.Index, in text: String) -> Int {
        text[..<position].count { $0 == "\n" } + 1
    }
}

extension Substring {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
