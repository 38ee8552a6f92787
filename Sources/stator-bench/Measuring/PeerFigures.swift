internal import Foundation

/// What a client says at the end of a measurement, whatever it is written in: one line of JSON on its standard output.
package struct PeerFigures: Codable {
    package var calls: UInt64
    package var seconds: Double
    package var p50Microseconds: Double
    package var p99Microseconds: Double
    /// Of the server's process, between the first and the last call that were measured.
    package var serverCPUSeconds: Double
    /// Of the client's own, in the same time.
    package var clientCPUSeconds: Double

    package init(
        calls: UInt64, seconds: Double, p50Microseconds: Double, p99Microseconds: Double, serverCPUSeconds: Double,
        clientCPUSeconds: Double
    ) {
        self.calls = calls
        self.seconds = seconds
        self.p50Microseconds = p50Microseconds
        self.p99Microseconds = p99Microseconds
        self.serverCPUSeconds = serverCPUSeconds
        self.clientCPUSeconds = clientCPUSeconds
    }

    enum CodingKeys: String, CodingKey {
        case calls
        case seconds
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case serverCPUSeconds = "server_cpu_seconds"
        case clientCPUSeconds = "client_cpu_seconds"
    }

    package var callsPerSecond: Double { Double(calls) / seconds }
    package var serverCPUMicrosecondsPerCall: Double { serverCPUSeconds * 1e6 / Double(calls) }
    package var clientCPUMicrosecondsPerCall: Double { clientCPUSeconds * 1e6 / Double(calls) }
}

/// Writes a line to standard output at once, which may be a pipe.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Returns when standard input ends: whoever started this process has no more need of it, or is gone.
func waitForEndOfInput() {
    while !FileHandle.standardInput.availableData.isEmpty {}
}
