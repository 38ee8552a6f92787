internal import Foundation
internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

/// Reads the frozen releases of a folder: in each folder in it `release.txt`, and the protos, which protoc compiles anew
/// so that only text is kept.
struct FrozenReleaseReader {
    let folder: String
    private let protoc = Tool(program: "protoc", purpose: "releases=", fix: "install protobuf's compiler.")

    init(folder: String) {
        self.folder = folder
    }

    /// In the order of their service versions; none when there is no such folder.
    func releases() throws -> [FrozenRelease] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let releases = try names.sorted().compactMap { name in try release(in: "\(folder)/\(name)") }
        return releases.sorted { ($0.serviceVersion, $0.name) < ($1.serviceVersion, $1.name) }
    }

    /// nil when the folder holds no release.
    private func release(in folder: String) throws -> FrozenRelease? {
        let file = "\(folder)/release.txt"
        guard let text = FileManager.default.contents(atPath: file) else { return nil }
        let record = try ReleaseRecord(String(decoding: text, as: UTF8.self), file: file)
        let protos = (FileManager.default.subpaths(atPath: folder) ?? []).filter { $0.hasSuffix(".proto") }.sorted()
        guard !protos.isEmpty else {
            throw Problems([
                Problem(
                    file: file, line: nil, sentence: "The folder of release \(record.name) holds no protos.",
                    fix: "bring them back from the release's commit.")
            ])
        }
        let output = try protoc.run(
            [
                "--proto_path=\(folder)", "--include_imports", "--include_source_info",
                "--descriptor_set_out=/dev/stdout",
            ] + protos)
        let descriptors = try DescriptorSet(proto: Google_Protobuf_FileDescriptorSet(serializedBytes: output))
        // What an older generator accepted stays accepted, so problems of the release itself are no matter.
        var reader = ContractReader(manifestName: nil)
        for proto in protos where !CGeneratorRequest.strippedFiles.contains(proto) {
            if let descriptor = descriptors.fileDescriptor(named: proto) { reader.read(descriptor) }
        }
        return FrozenRelease(
            name: record.name, serviceVersion: record.serviceVersion, folder: folder, contract: reader.contract)
    }
}
