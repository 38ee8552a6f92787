internal import ArgumentParser
internal import StatorReactor
internal import StatorTLS

/// What every peer's command line has, whatever it is written in.
struct PeerOptions: ParsableArguments {
    static let connectionsMax = 20_000

    @Option(help: "The folder with ca.crt, conductor-bench.crt, compute-bench.crt and their keys.")
    var certificates: String

    @Option(help: "The port on the loopback interface.")
    var port: UInt16 = 0

    func tls(_ name: String) -> TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: "\(certificates)/\(name).crt", privateKeyPath: "\(certificates)/\(name).key",
            trustRootsPath: "\(certificates)/ca.crt")
    }

    var address: String { "127.0.0.1:\(port)" }
}

/// A loop that runs on a thread of its own until the process ends.
func startedLoop() throws(ReactorError) -> EventLoop {
    let loop = try EventLoop(label: "bench")
    try loop.start()
    return loop
}

extension EventLoop {
    /// Runs a closure on the loop and returns what it returns.
    func perform<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            execute { continuation.resume(returning: body()) }
        }
    }
}

/// Why a measurement cannot be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
