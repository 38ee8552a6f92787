import Foundation

/// A file of the repository, with the path that a person would name it by.
struct SourceFile {
    let path: String
    let text: String
    /// The text with the contents of comments and string literals blanked, line for line.
    let code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = CodeOnly.of(text)
    }

    /// The folder under `Sources` that holds the file, which is its module's name.
    var module: String {
        path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var codeLines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// A place that breaks a rule, in words that say what to do instead.
struct Violation: Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// The work tree that this test was compiled from.
enum Repository {
    static let root: URL = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The hand-written Swift files of `Sources`.
    static let sources = Result { try swiftFiles(in: "Sources") }
    static let tests = Result { try swiftFiles(in: "Tests") }

    /// Hand-written Swift files below a folder, in the order of their paths.
    private static func swiftFiles(in folder: String) throws -> [SourceFile] {
        let top = root.appending(path: folder)
        guard let walker = FileManager.default.enumerator(atPath: top.path) else { return [] }
        return try walker.compactMap { $0 as? String }
            .filter { $0.hasSuffix(".swift") && !$0.contains("Generated/") }
            .sorted()
            .map { path in
                let text = try String(contentsOf: top.appending(path: path), encoding: .utf8)
                return SourceFile(path: "\(folder)/\(path)", text: text)
            }
    }

    static func folders(in folder: String) throws -> [String] {
        let top = root.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(atPath: top.path).sorted().filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: top.appending(path: name).path, isDirectory: &isFolder)
                && isFolder.boolValue
        }
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Paths that git tracks, or would track after `git add`.
    static func trackedFiles() throws -> [String] {
        let git = ["-C", root.path, "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
        return try output(of: "git", git).split(separator: "\n").map(String.init)
    }

    /// Runs a program found in PATH and returns what it printed; another exit status than 0 is an error.
    static func output(of program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ProgramFailed(program: program, arguments: arguments, status: process.terminationStatus)
        }
        return String(bytes: data, encoding: .utf8) ?? ""
    }
}

struct ProgramFailed: Error {
    let program: String
    let arguments: [String]
    let status: Int32
}
