internal import Foundation
internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

/// Runs protoc-gen-c on a changed request and lays its files out as a module.
struct CGenerator {
    let module: String
    private let tool = Tool(program: "protoc-gen-c", purpose: "mode=c", fix: "install protobuf-c's compiler.")

    init(module: String) {
        self.module = module
    }

    func files(for original: Google_Protobuf_Compiler_CodeGeneratorRequest) throws -> [GeneratedFile] {
        let request = try CGeneratorRequest(original)
        let output = try tool.run(input: request.request.serializedBytes())
        let response = try Google_Protobuf_Compiler_CodeGeneratorResponse(serializedBytes: output)
        guard !response.hasError else {
            throw tool.problem("protoc-gen-c refused: \(response.error)", fix: "change what it names.")
        }
        let code = response.file.map { file in
            // What is included lies under include/, which SwiftPM searches for headers.
            GeneratedFile(name: file.name.hasSuffix(".h") ? "include/\(file.name)" : file.name, content: file.content)
        }
        return code + CModuleText(module: module, messages: request.messages).files
    }
}
