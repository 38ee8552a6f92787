package import Foundation
internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

/// The plugin: bytes of a request from protoc in, bytes of the response out.
package struct StubPlugin {
    package init() {}

    /// Throws only when the bytes are no request; everything else is an error that the response tells.
    package func respond(to bytes: Data) throws -> Data {
        let request = try Google_Protobuf_Compiler_CodeGeneratorRequest(serializedBytes: bytes)
        var response = Google_Protobuf_Compiler_CodeGeneratorResponse()
        do {
            response.file = try files(for: request).map { file in
                Google_Protobuf_Compiler_CodeGeneratorResponse.File(name: file.name, content: file.content)
            }
        } catch {
            response.error = String(describing: error)
        }
        return try response.serializedBytes()
    }

    private func files(for request: Google_Protobuf_Compiler_CodeGeneratorRequest) throws -> [GeneratedFile] {
        let parameters = try PluginParameters(request.parameter)
        switch parameters.mode {
        case .c:
            return try CGenerator(module: parameters.cModule).files(for: request)
        case .swift:
            return try SwiftGenerator(parameters: parameters).files(for: contract(of: request, with: parameters))
        }
    }

    private func contract(
        of request: Google_Protobuf_Compiler_CodeGeneratorRequest, with parameters: PluginParameters
    ) throws(Problems) -> Contract {
        let descriptors = DescriptorSet(protos: request.protoFile)
        var reader = ContractReader(manifestName: parameters.manifestName)
        for name in request.fileToGenerate {
            guard let file = descriptors.fileDescriptor(named: name) else { continue }
            reader.read(file)
        }
        guard reader.problems.isEmpty else { throw Problems(reader.problems) }
        return reader.contract
    }
}

extension Google_Protobuf_Compiler_CodeGeneratorResponse.File {
    fileprivate init(name: String, content: String) {
        self.init()
        self.name = name
        self.content = content
    }
}
