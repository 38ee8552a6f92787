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

    /// What the request's files declare, by itself: not compared with any release.
    ///
    /// Throws `Problems` when it cannot be generated.
    package func contract(of bytes: Data) throws -> Contract {
        let request = try Google_Protobuf_Compiler_CodeGeneratorRequest(serializedBytes: bytes)
        return try contract(of: request, with: PluginParameters(request.parameter))
    }

    private func files(for request: Google_Protobuf_Compiler_CodeGeneratorRequest) throws -> [GeneratedFile] {
        let parameters = try PluginParameters(request.parameter)
        if parameters.mode == .c { return try CGenerator(module: parameters.cModule).files(for: request) }
        let contract = try contract(of: request, with: parameters)
        let releases = try parameters.releasesFolder.map { try FrozenReleaseReader(folder: $0).releases() }
        let imported = imports(of: request)
        let evolution = Evolution(
            of: contract, imported: imported, after: releases ?? [], serviceVersion: parameters.serviceVersion)
        guard evolution.problems.isEmpty else { throw Problems(evolution.problems) }
        switch parameters.mode {
        case .c:
            // Done above: it needs no contract, since the C code knows nothing of versions.
            return []
        case .swift:
            return SwiftGenerator(parameters: parameters, releases: releases).files(for: contract)
        case .python:
            let types = PythonTypes(DescriptorSet(protos: request.protoFile))
            return try PythonGenerator(types: types, serviceVersion: parameters.serviceVersion).files(for: contract)
        case .fingerprints:
            let text = FingerprintsText(of: contract, imported: imported).text
            return [GeneratedFile(name: "fingerprints.txt", content: text)]
        case .release:
            try checkServiceVersion(evolution, parameters)
            return ReleaseText(
                release: parameters.release, serviceVersion: parameters.serviceVersion ?? evolution.serviceVersion,
                contract: contract, imported: imported
            ).files
        }
    }

    /// A release that is to be frozen comes after all that are.
    private func checkServiceVersion(_ evolution: Evolution, _ parameters: PluginParameters) throws(Problems) {
        guard let version = parameters.serviceVersion, let newest = evolution.releases.first?.frozen,
            newest.serviceVersion >= version
        else { return }
        throw Problems([
            Problem(
                file: "--stator_opt", line: nil,
                sentence: "Service version \(version) is not newer than release \(newest.name)'s, "
                    + "\(newest.serviceVersion).", fix: "raise the service version with every release.")
        ])
    }

    private func contract(
        of request: Google_Protobuf_Compiler_CodeGeneratorRequest, with parameters: PluginParameters
    ) throws(Problems) -> Contract {
        let descriptors = DescriptorSet(protos: request.protoFile)
        var reader = ContractReader(manifestName: parameters.manifestName)
        for name in request.fileToGenerate where name != optionsPath {
            guard let file = descriptors.fileDescriptor(named: name) else { continue }
            reader.read(file)
        }
        reader.checkCarriers()
        guard reader.problems.isEmpty else { throw Problems(reader.problems) }
        return reader.contract
    }

    /// What the files import; what cannot be generated of it was told where it was.
    private func imports(of request: Google_Protobuf_Compiler_CodeGeneratorRequest) -> Contract {
        let descriptors = DescriptorSet(protos: request.protoFile)
        let generated = Set(request.fileToGenerate)
        var reader = ContractReader(manifestName: nil)
        for name in request.protoFile.map(\.name)
        where !generated.contains(name) && !CGeneratorRequest.strippedFiles.contains(name) {
            if let file = descriptors.fileDescriptor(named: name) { reader.read(file) }
        }
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
