internal import Foundation
internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

/// Runs protoc-gen-c on a changed request and lays its files out as a module.
struct CGenerator {
    let module: String

    func files(for original: Google_Protobuf_Compiler_CodeGeneratorRequest) throws -> [GeneratedFile] {
        let request = try CGeneratorRequest(original)
        let output = try run("protoc-gen-c", input: request.request.serializedBytes())
        let response = try Google_Protobuf_Compiler_CodeGeneratorResponse(serializedBytes: output)
        guard !response.hasError else {
            throw Self.problem("protoc-gen-c refused: \(response.error)", fix: "change what it names.")
        }
        let code = response.file.map { file in
            // What is included lies under include/, which SwiftPM searches for headers.
            GeneratedFile(name: file.name.hasSuffix(".h") ? "include/\(file.name)" : file.name, content: file.content)
        }
        return code + CModuleText(module: module, messages: request.messages).files
    }

    /// Hands the input to the program and gives what it writes.
    private func run(_ program: String, input: Data) throws -> Data {
        let process = Process()
        // By way of env, which looks the program up in PATH.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program]
        let (source, sink) = (Pipe(), Pipe())
        process.standardInput = source
        process.standardOutput = sink
        do {
            try process.run()
        } catch {
            throw Self.problem("\(program) cannot be run: \(error).", fix: "install protobuf-c's compiler.")
        }
        // A plugin reads all its input before it writes, so one after the other cannot block.
        try source.fileHandleForWriting.write(contentsOf: input)
        try source.fileHandleForWriting.close()
        let output = try sink.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Self.problem(
                "\(program) ended with status \(process.terminationStatus).",
                fix: "install protobuf-c's compiler and see what it wrote above.")
        }
        return output
    }

    private static func problem(_ sentence: String, fix: String) -> Problems {
        Problems([Problem(file: "mode=c", line: nil, sentence: sentence, fix: fix)])
    }
}
