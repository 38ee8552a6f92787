import Foundation
import StubGenerator
import Testing

/// What the plugin makes of `Tests/PythonClient/generated`, tried by Python's own tests, which lie there.
@Suite struct PythonPackageTests {
    /// Debian's, for which the package python3-protobuf is.
    private static let interpreter = "/usr/bin/python3"
    private static let repository = Snippet.protosFolder.deletingLastPathComponent()
    private static let examples = repository.appending(path: "Tests/PythonClient/generated")

    @Test func `generated objects do in Python what they do in Swift`() throws {
        try Snippet.withFolder { package in
            let names = ["example/v1/gadgets.proto", "example/v1/parts.proto"]
            let request = try Snippet.request(for: names, in: Self.examples, parameters: "mode=python")
            let files = try Snippet.response(StubPlugin().respond(to: request)).get()
            #expect(
                files.keys.sorted() == [
                    "example/__init__.py", "example/py.typed", "example/v1/__init__.py", "example/v1/contract.py",
                    "example/v1/gadgets.py", "example/v1/parts.py", "example/v1/py.typed",
                ])
            for (name, content) in files {
                let file = package.appending(path: name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(content.utf8).write(to: file)
            }
            let protoc = try run(
                "/usr/bin/env",
                [
                    "protoc", "--proto_path=\(Self.examples.path)", "--proto_path=\(Snippet.protosFolder.path)",
                    "--python_out=\(package.path)", "stator/v1/options.proto",
                ] + names)
            try #require(protoc.status == 0, "\(protoc.errors)")
            let runtime = Self.repository.appending(path: "Sources/Python").path
            let tests = try run(
                Self.interpreter, ["-B", "-m", "unittest", "discover", "--start-directory", Self.examples.path],
                environment: ["PYTHONPATH": "\(package.path):\(runtime)"])
            #expect(tests.status == 0, "\(tests.errors)")
            #expect(tests.errors.contains("\nOK\n"), "\(tests.errors)")
        }
    }

    @Test func `a file that could be no module is refused`() throws {
        try Snippet.withFolder { folder in
            for name in ["class.proto", "2.proto", "contract.proto"] {
                let proto = "syntax = \"proto2\";\npackage a;\n"
                try Data(proto.utf8).write(to: folder.appending(path: name))
                let request = try Snippet.request(for: [name], in: folder, parameters: "mode=python")
                guard case .failure(let error) = Snippet.response(try StubPlugin().respond(to: request)) else {
                    Issue.record("\(name) is accepted")
                    continue
                }
                #expect(error.message.hasPrefix("\(name): "), "\(error.message)")
                #expect(error.message.hasSuffix("another name."), "\(error.message)")
            }
        }
    }

    @Test func `the file of the options is part of no package`() throws {
        let request = try Snippet.request(
            for: ["stator/v1/options.proto", "stator/v1/states.proto"], in: Snippet.protosFolder,
            parameters: "mode=python")
        let files = try Snippet.response(StubPlugin().respond(to: request)).get()
        #expect(files["stator/v1/options.py"] == nil)
        #expect(files["stator/v1/states.py"] != nil)
    }

    private func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let errors = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
