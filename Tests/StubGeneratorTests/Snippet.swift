import Foundation
import StubGenerator

/// What the plugin makes of a .proto file, which protoc reads so that lines and options are those of real use.
enum Snippet {
    /// A file that imports the options, with a declaration from line 7 on.
    static func proto(_ declarations: String) -> String {
        """
        syntax = "proto2";

        package example.v1;

        import "stator/v1/options.proto";
        option java_package = "none";
        \(declarations)
        """
    }

    /// The generated files by name, or protoc's and the plugin's error.
    static func generate(
        _ text: String, parameters: String = "c_module=CExample"
    ) throws -> Result<[String: String], SnippetError> {
        let request = try request(text, parameters: parameters)
        return try response(StubPlugin().respond(to: request))
    }

    /// What the text declares.
    static func contract(_ text: String) throws -> Contract {
        try StubPlugin().contract(of: request(text, parameters: "mode=fingerprints"))
    }

    /// The plugin's error, without the name of the file.
    static func refusal(_ text: String) throws -> String? {
        guard case .failure(let error) = try generate(text) else { return nil }
        return error.message.split(separator: "\n").map { line in
            line.hasPrefix("example.proto:") ? String(line.dropFirst("example.proto:".count)) : String(line)
        }.joined(separator: "\n")
    }

    /// Hands a new folder to the body and removes it after.
    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "stub-generator-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private static func request(_ text: String, parameters: String) throws -> Data {
        try withFolder { folder in
            try Data(text.utf8).write(to: folder.appending(path: "example.proto"))
            return try request(for: ["example.proto"], in: folder, parameters: parameters)
        }
    }

    /// What protoc would hand to the plugin for files of the folder, or of Protos.
    static func request(for files: [String], in folder: URL, parameters: String) throws -> Data {
        try withFolder { scratch in
            try request(for: files, in: folder, parameters: parameters, output: scratch.appending(path: "descriptors"))
        }
    }

    private static func request(
        for files: [String], in folder: URL, parameters: String, output: URL
    ) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "protoc", "--proto_path=\(folder.path)", "--proto_path=\(protosFolder.path)", "--include_imports",
                "--include_source_info", "--descriptor_set_out=\(output.path)",
            ] + files
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let errorText = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw SnippetError(message: String(decoding: errorText, as: UTF8.self))
        }
        // A FileDescriptorSet's field 1 is what the request has as field 15.
        var request = Data()
        for file in files { request.append(field: 1, Data(file.utf8)) }
        request.append(field: 2, Data(parameters.utf8))
        for (_, file) in fields(try Data(contentsOf: output)) { request.append(field: 15, file) }
        return request
    }

    static var protosFolder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Protos")
    }

    static func response(_ bytes: Data) -> Result<[String: String], SnippetError> {
        var files: [String: String] = [:]
        for (number, payload) in fields(bytes) {
            if number == 1 {
                return .failure(SnippetError(message: String(decoding: payload, as: UTF8.self)))
            }
            if number == 15 {
                let parts = Dictionary(uniqueKeysWithValues: fields(payload).map { ($0.0, $0.1) })
                let name = String(decoding: parts[1] ?? Data(), as: UTF8.self)
                files[name] = String(decoding: parts[15] ?? Data(), as: UTF8.self)
            }
        }
        return .success(files)
    }

    /// The length-delimited fields of a message that has no others.
    private static func fields(_ data: Data) -> [(Int, Data)] {
        var rest = data[...]
        var fields: [(Int, Data)] = []
        func varint() -> Int {
            var (value, shift) = (0, 0)
            while let byte = rest.popFirst() {
                value |= Int(byte & 0x7F) << shift
                if byte & 0x80 == 0 { break }
                shift += 7
            }
            return value
        }
        while !rest.isEmpty {
            let tag = varint()
            guard tag & 7 == 2 else {
                _ = varint()
                continue
            }
            let length = varint()
            fields.append((tag >> 3, Data(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return fields
    }
}

struct SnippetError: Error {
    var message: String
}

extension Data {
    fileprivate mutating func append(field number: Int, _ payload: Data) {
        for value in [number << 3 | 2, payload.count] {
            var rest = value
            while rest >= 0x80 {
                append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            append(UInt8(rest))
        }
        append(payload)
    }
}
