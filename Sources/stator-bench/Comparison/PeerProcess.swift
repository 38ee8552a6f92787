internal import Foundation

/// A program of the comparison that runs. It ends when its standard input does, so also when this process dies.
///
/// Used by one task at a time.
package final class PeerProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()

    /// - Parameters:
    ///   - cpu: The one that it is to run on; nil: any.
    ///   - environment: What it sees besides this process's own.
    package init(_ path: String, _ arguments: [String], cpu: Int?, environment: [String: String] = [:]) throws {
        if let cpu {
            process.executableURL = URL(filePath: "/usr/bin/taskset")
            process.arguments = ["--cpu-list", String(cpu), path] + arguments
        } else {
            process.executableURL = URL(filePath: path)
            process.arguments = arguments
        }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit { stop() }

    package var processID: Int32 { process.processIdentifier }

    /// Waits for its next line; nil when it has ended without one.
    package func nextLine() -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread = Data(unread[unread.index(after: end)...])
                return line
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            unread.append(more)
        }
    }

    /// Writes a line to its input.
    func send(_ line: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }

    /// Ends its input, and the process if that is not enough for it. Returns its exit status.
    @discardableResult
    package func stop() -> Int32 {
        try? input.fileHandleForWriting.close()
        let deadline = Date().addingTimeInterval(5)
        while process.isRunning, Date() < deadline { usleep(2_000) }
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// A server of an implementation, ready for clients.
final class PeerServer {
    let implementation: Implementation
    let process: PeerProcess
    let port: Int

    init(_ implementation: Implementation, _ settings: ComparisonSettings) throws {
        self.implementation = implementation
        process = try PeerProcess(
            implementation.path, ["server", "--certificates", settings.certificates], cpu: settings.serverCPU)
        guard let line = process.nextLine(), line.hasPrefix("listening "), let port = Int(line.dropFirst(10)) else {
            throw BenchError("the server of \(implementation.name.rawValue) did not start")
        }
        self.port = port
    }

    /// What each client of this server is told.
    func clientArguments(_ settings: ComparisonSettings) -> [String] {
        ["--certificates", settings.certificates, "--port", String(port)]
    }

    /// Bytes of memory that are this process's alone and changed; kernel memory is not among them.
    func privateBytes() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process.processID)/smaps_rollup", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("Private_Dirty:") {
            if let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
                return kibibytes * 1024
            }
        }
        throw BenchError("the kernel does not tell the memory of process \(process.processID)")
    }
}

/// How everything is measured.
struct ComparisonSettings {
    let certificates: String
    /// The folder with the encoded messages.
    let folder: String
    let rounds: Int
    let warmUp: Double
    let seconds: Double
    let serverCPU: Int?
    let clientCPU: Int?

    func messageFile(_ message: Workload.Message) -> String { "\(folder)/\(message.rawValue).bin" }
}
