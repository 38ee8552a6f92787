import Foundation
import TestSupport
import stator_bench

/// What one call takes, on average over thousands.
struct CallCounts: Equatable {
    var allocations: Double
    /// Of all that pass bytes or wait for them: recv, send, epoll_wait and the like.
    var systemCalls: Double

    /// What both sides of a call take.
    struct Sides {
        let server: CallCounts
        let client: CallCounts
    }

    private static let fewCalls = 500
    private static let manyCalls = 5_500

    /// Runs the two processes of `stator-bench` twice, with few calls and with many: the difference is the calls', without
    /// what the processes and their connections take.
    static func measure(_ arguments: [String]) throws -> Sides {
        let counting = try CountingLibrary.shared.get()
        let certificates = try certificatesFolder()
        let folder = try TemporaryDirectory()
        let program = try ChildProcess.builtExecutable("stator-bench")
        let serverFile = folder.file("server")
        let server = try PeerProcess(
            program, ["server", "--certificates", certificates], cpu: nil,
            environment: counting.counting(in: serverFile))
        guard let line = server.nextLine(), line.hasPrefix("listening ") else {
            throw TestSupportError("the server did not start")
        }
        func run(_ calls: Int) throws -> (server: RawCounts, client: RawCounts) {
            let before = try RawCounts(file: serverFile)
            let clientFile = folder.file("client-\(calls)")
            let client = try PeerProcess(
                program,
                ["client", "--certificates", certificates, "--port", String(line.dropFirst(10))]
                    + ["--server", String(server.processID), "--calls", String(calls)] + arguments,
                cpu: nil, environment: counting.counting(in: clientFile))
            // Ends by itself, which closes its output.
            while client.nextLine() != nil {}
            let status = client.stop()
            guard status == 0 else { throw TestSupportError("the client ended with status \(status)") }
            return (try RawCounts(file: serverFile) - before, try RawCounts(file: clientFile))
        }
        // The first connection of a process finds nothing set up.
        _ = try run(1)
        let few = try run(fewCalls)
        let many = try run(manyCalls)
        let calls = Double(manyCalls - fewCalls)
        return Sides(
            server: (many.server - few.server).average(over: calls),
            client: (many.client - few.client).average(over: calls))
    }

    private static func certificatesFolder() throws -> String {
        _ = try TestCertificates.tls(class: "conductor", name: "bench")
        let paths = try TestCertificates.tls(class: "compute", name: "bench")
        return URL(filePath: paths.trustRootsPath).deletingLastPathComponent().path
    }
}

/// The library that counts, built from C once per run.
final class CountingLibrary: Sendable {
    static let shared = Result { try CountingLibrary() }

    private let folder: TemporaryDirectory

    private init() throws {
        folder = try TemporaryDirectory()
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Counting/count-calls.c").path
        let compiler = try PeerProcess(
            "/usr/bin/cc", ["-O2", "-shared", "-fPIC", "-o", folder.file("libcount.so"), source], cpu: nil)
        while compiler.nextLine() != nil {}
        let status = compiler.stop()
        guard status == 0 else { throw TestSupportError("the counting library does not compile: status \(status)") }
    }

    /// The environment of a process that counts in the file.
    func counting(in file: String) -> [String: String] {
        ["LD_PRELOAD": folder.file("libcount.so"), "STATOR_COUNTS": file]
    }
}

/// The counters in the file, in the order of count-calls.c.
private struct RawCounts {
    private static let length = 6
    private var values: [Int64]

    init(file: String) throws {
        let data = try Data(contentsOf: URL(filePath: file))
        guard data.count == Self.length * 8 else { throw TestSupportError("\(file) has \(data.count) bytes") }
        values = data.withUnsafeBytes { bytes in
            (0..<Self.length).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
        }
    }

    static func - (left: RawCounts, right: RawCounts) -> RawCounts {
        var difference = left
        difference.values = zip(left.values, right.values).map { $0 - $1 }
        return difference
    }

    func average(over calls: Double) -> CallCounts {
        // Deallocations, the second, mirror allocations.
        CallCounts(
            allocations: Double(values[0]) / calls, systemCalls: Double(values[2...].reduce(0, +)) / calls)
    }
}
