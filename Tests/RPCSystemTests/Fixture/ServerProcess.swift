import Foundation
import StatorReactor
import TestSupport

/// A server in a process of its own.
final class ServerProcess: Sendable {
    let process: ChildProcess
    let address: SocketAddress

    private init(process: ChildProcess, address: SocketAddress) {
        self.process = process
        self.address = address
    }

    /// With a port that another process still listens on, waits for it.
    static func start(
        _ paths: TestCertificates.Paths? = nil, port: UInt16 = 0, revoked: String? = nil, executions: String? = nil,
        options: [String: Int] = [:], log: String = "notice"
    ) async throws -> ServerProcess {
        let paths = try paths ?? TestCertificates.tls(class: "conductor", name: "conductor1")
        var arguments = ["serve", "--port", "\(port)", "--log", log] + paths.arguments
        if let revoked { arguments += ["--revoked", revoked] }
        if let executions { arguments += ["--executions", executions] }
        for (name, value) in options { arguments += ["--\(name)", "\(value)"] }
        let process = try ChildProcess(built: "RPCTestServer", arguments: arguments)
        let begin = "listening "
        try await process.waitForOutput(begin)
        guard let line = process.output.split(separator: "\n").first(where: { $0.hasPrefix(begin) }) else {
            throw TestSupportError("the server says nothing: \(process.errorOutput)")
        }
        return ServerProcess(
            process: process, address: try SocketAddress(parsing: String(line.dropFirst(begin.count))))
    }

    /// Has it drain, and waits until it has ended as it should.
    func drain() async throws {
        process.terminate()
        try await waitUntilDrained()
    }

    func waitUntilDrained() async throws {
        let exit = try await process.wait()
        guard exit == .status(0) else {
            throw TestSupportError("the server ended with \(exit): \(process.errorOutput)")
        }
    }

    func kill() async throws {
        process.kill9()
        try await process.wait()
    }

    /// Of the process, in KiB.
    var residentKiB: Int {
        get throws { try memoryKiB("VmRSS:") }
    }

    /// The most that it ever was.
    var residentPeakKiB: Int {
        get throws { try memoryKiB("VmHWM:") }
    }

    private func memoryKiB(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let number = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
                ?? line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else {
            throw TestSupportError("no \(name) in the status of the server")
        }
        return number
    }
}

extension TestCertificates.Paths {
    var arguments: [String] {
        ["--certificate", certificateChainPath, "--key", privateKeyPath, "--trust", trustRootsPath]
    }
}
