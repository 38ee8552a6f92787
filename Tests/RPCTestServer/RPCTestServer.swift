import Foundation

/// The processes of the tests of whole connections: `serve` answers calls, `lease` holds many connections.
@main
enum RPCTestServer {
    static func main() async {
        raiseDescriptorLimit()
        let arguments = Arguments(CommandLine.arguments.dropFirst())
        do {
            switch arguments.command {
            case "serve": try await serve(arguments)
            case "lease": try await holdLeases(arguments)
            default: throw ArgumentError("usage: RPCTestServer serve|lease --NAME VALUE…")
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Says something to the test that started this process.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
