// The protoc plugin: reads a request on standard input, writes the response to standard output.
internal import Foundation
internal import StubGenerator

do {
    let request = try FileHandle.standardInput.readToEnd() ?? Data()
    try FileHandle.standardOutput.write(contentsOf: StubPlugin().respond(to: request))
} catch {
    FileHandle.standardError.write(Data("protoc-gen-stator: \(error)\n".utf8))
    exit(1)
}
