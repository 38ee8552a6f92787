internal import Foundation
internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

/// The request that protoc-gen-c is given in place of ours.
///
/// Two things are changed: strings become bytes in C, since a C string ends at its first NUL (protobuf-c's own option
/// says so, but users' protos shall not need it), and Stator's options go, for which no C code is wanted.
struct CGeneratorRequest {
    /// `[(pb_c_field) = { string_as_bytes: true }]` as FieldOptions encodes it: extension 1019, length 2, field 1, true.
    private static let stringAsBytes: [UInt8] = [0xDA, 0x3F, 0x02, 0x08, 0x01]
    static let strippedFiles: Set<String> = ["google/protobuf/descriptor.proto", "stator/v1/options.proto"]

    private(set) var request: Google_Protobuf_Compiler_CodeGeneratorRequest
    /// Full names of the messages for which C code is generated.
    private(set) var messages: [String] = []

    init(_ original: Google_Protobuf_Compiler_CodeGeneratorRequest) throws {
        request = original
        request.parameter = ""
        request.fileToGenerate.removeAll(where: Self.strippedFiles.contains)
        request.protoFile = try original.protoFile
            .filter { !Self.strippedFiles.contains($0.name) }
            .map(Self.rewritten)
        for file in request.protoFile where request.fileToGenerate.contains(file.name) {
            for message in file.messageType { collect(message, in: file.package) }
        }
    }

    private static func rewritten(
        _ file: Google_Protobuf_FileDescriptorProto
    ) throws -> Google_Protobuf_FileDescriptorProto {
        var file = file
        let kept = file.dependency.indices.filter { !strippedFiles.contains(file.dependency[$0]) }
        // Public and weak imports are positions in the list of imports.
        file.publicDependency = renumbered(file.publicDependency, kept)
        file.weakDependency = renumbered(file.weakDependency, kept)
        file.dependency = kept.map { file.dependency[$0] }
        file.messageType = try file.messageType.map(rewritten)
        return file
    }

    private static func renumbered(_ positions: [Int32], _ kept: [Int]) -> [Int32] {
        positions.compactMap { position in kept.firstIndex(of: Int(position)).map(Int32.init) }
    }

    private static func rewritten(
        _ message: Google_Protobuf_DescriptorProto
    ) throws -> Google_Protobuf_DescriptorProto {
        var message = message
        for index in message.field.indices where message.field[index].type == .string {
            let options: [UInt8] = try message.field[index].options.serializedBytes()
            message.field[index].options = try Google_Protobuf_FieldOptions(
                serializedBytes: options + stringAsBytes)
        }
        message.nestedType = try message.nestedType.map(rewritten)
        return message
    }

    private mutating func collect(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
        let name = scope.isEmpty ? message.name : "\(scope).\(message.name)"
        messages.append(name)
        for nested in message.nestedType { collect(nested, in: name) }
    }
}
