import RPCTestService
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

/// Certificates, authorities and revocations change on disk while 8 connections carry 32 calls each.
@Suite(.serialized) struct CertificateReplacementTests {
    private static let connectionsCount = 8
    private static let callersPerConnection = 32
    private static let rounds = Scale.count("STATOR_RPC_CERTIFICATES", short: 1, full: 20)
    /// The files are looked at every two seconds.
    private static let takenUpWithin: Duration = .seconds(8)
    private static let closedWithin: Duration = .seconds(10)

    private static let takenUp = "certificates taken up"
    private static let notUsable = "the new certificates are not usable"

    @Test func `certificates and authorities are replaced under load and no call fails`() async throws {
        let (old, new) = (try await Authority(), try await Authority())
        let serverFiles = try InstalledFiles(try await old.issue("conductor", "conductor1"), trusting: [old])
        let clientFiles = try InstalledFiles(try await old.issue("api", "api1"), trusting: [old])
        let server = try await ServerProcess.start(serverFiles.paths)
        let log = LogRecorder()
        let both = Both(server: server, log: log, serverFiles: serverFiles, clientFiles: clientFiles)
        try await Clients.with { clients in
            try await clients.withChannels(
                Self.connectionsCount, clientFiles.paths, to: [server.address], logger: log.logger
            ) { channels in
                let load = Load(channels, kinds: CallKind.allCases, milliseconds: 5...150)
                load.start(Self.connectionsCount * Self.callersPerConnection, on: clients)
                try await load.waitForCalls(512)
                for _ in 0..<Self.rounds {
                    try await both.replace(by: old)
                    try await load.waitForCalls(256)
                }
                try await both.change { try $0.trust([old, new]) }
                try await both.replace(by: new)
                try await load.waitForCalls(512)
                let before = channels.compactMap { $0.connection.map(ObjectIdentifier.init) }
                #expect(before.count == Self.connectionsCount)
                #expect(log.count("connection closed") == 0, "\(log.all)")
                try await showsNewCertificate(server, trusting: new)
                check(await load.stop(), rounds: Self.rounds)
                try await dropAuthority(both, new: new, channels, clients)
            }
        }
        try await server.drain()
    }

    /// A client that trusts the new authority only, and has its certificate, is let in.
    private func showsNewCertificate(_ server: ServerProcess, trusting new: Authority) async throws {
        let files = try InstalledFiles(try await new.issue("api", "api2"), trusting: [new])
        try await Clients.with { clients in
            try await clients.withChannel(files.paths, to: [server.address]) { channel in
                let response = try await channel.echo("new")
                #expect(response == "new")
            }
        }
    }

    /// With the old authority gone, connections that its certificates opened are made again with the new ones; calls
    /// that may be repeated do not notice.
    private func dropAuthority(
        _ both: Both, new: Authority, _ channels: [Channel], _ clients: Clients
    ) async throws {
        let load = Load(channels, kinds: [.repeatable], milliseconds: 5...50)
        load.start(64, on: clients)
        try await load.waitForCalls(128)
        try await both.change { try $0.trust([new]) }
        try await waitUntil(timeout: Self.closedWithin, "each connection is made again") {
            both.log.count("connection closed") >= Self.connectionsCount
        }
        try await load.waitForCalls(256)
        let outcome = await load.stop()
        let failures = outcome.failures.prefix(5).map(\.description)
        #expect(failures.isEmpty, "\(failures)")
    }

    private func check(_ outcome: Load.Outcome, rounds: Int) {
        report("certificates: \(rounds) replacements and a new authority, \(outcome.latencies.summary)")
        let failures = outcome.failures.prefix(10).map(\.description)
        #expect(failures.isEmpty, "\(outcome.failures.count): \(failures)")
    }

    @Test func `files that do not fit together change nothing and are reported`() async throws {
        let authority = try await Authority()
        let good = try await authority.issue("conductor", "conductor1")
        let other = try await authority.issue("conductor", "conductor1")
        let files = try InstalledFiles(good, trusting: [authority])
        let clientFiles = try InstalledFiles(try await authority.issue("api", "api1"), trusting: [authority])
        let server = try await ServerProcess.start(files.paths)
        try await Clients.with { clients in
            try await clients.withChannel(clientFiles.paths, to: [server.address]) { channel in
                try files.writeHalf(of: other)
                try await waitForLog(server, Self.notUsable, count: 1)
                try files.install(good)
                try await waitForLog(server, Self.takenUp, count: 1)
                try files.installKey(of: other)
                try await waitForLog(server, Self.notUsable, count: 2)
                try await clients.withChannel(clientFiles.paths, to: [server.address]) { fresh in
                    for caller in [channel, fresh] {
                        let response = try await caller.echo("still")
                        #expect(response == "still")
                    }
                }
            }
        }
        let errors = server.process.errorOutput
        #expect(errors.contains("the private key"), "\(errors)")
        try await server.drain()
    }

    @Test func `a revoked certificate loses its connections and is let in no more, others stay`() async throws {
        let authority = try await Authority()
        let directory = try TemporaryDirectory()
        let list = directory.file("revoked")
        try await authority.revoke([], list: list)
        let files = try InstalledFiles(try await authority.issue("conductor", "conductor1"), trusting: [authority])
        let (lost, kept) = (try await authority.issue("api", "api1"), try await authority.issue("api", "api2"))
        let lostFiles = try InstalledFiles(lost, trusting: [authority])
        let keptFiles = try InstalledFiles(kept, trusting: [authority])
        let server = try await ServerProcess.start(files.paths, revoked: list)
        let (lostLog, keptLog) = (LogRecorder(), LogRecorder())
        try await Clients.with { clients in
            try await clients.withChannels(4, keptFiles.paths, to: [server.address], logger: keptLog.logger) { kept in
                let load = Load(kept, kinds: CallKind.allCases, milliseconds: 5...50)
                load.start(128, on: clients)
                try await load.waitForCalls(128)
                try await clients.withChannels(4, lostFiles.paths, to: [server.address], logger: lostLog.logger) {
                    channels in
                    for channel in channels { _ = try await channel.echo("before") }
                    let begin = ContinuousClock.now
                    try await authority.revoke([lost], list: list)
                    try await waitUntil(timeout: Self.closedWithin, "its connections are closed") {
                        lostLog.count("connection closed") >= channels.count
                    }
                    report("revocation: connections closed after \(text(begin.duration(to: .now)))")
                    let refused = try await failure { try await channels[0].echo("after") }
                    #expect(refused.code == .unauthenticated, "\(refused)")
                }
                try await load.waitForCalls(128)
                let outcome = await load.stop()
                let failures = outcome.failures.prefix(5).map(\.description)
                #expect(failures.isEmpty, "\(failures)")
                #expect(keptLog.count("connection closed") == 0, "\(keptLog.all)")
            }
        }
        try await server.drain()
    }

    private func waitForLog(_ server: ServerProcess, _ text: String, count: Int) async throws {
        try await waitUntil(timeout: Self.takenUpWithin, "the server says \(count) times: \(text)") {
            server.process.errorOutput.ranges(of: text).count >= count
        }
    }

    /// The files of both sides, and how it is seen that they were taken up.
    private struct Both {
        let server: ServerProcess
        let log: LogRecorder
        let serverFiles: InstalledFiles
        let clientFiles: InstalledFiles

        func replace(by authority: Authority) async throws {
            let certificate = try await authority.issue("conductor", "conductor1")
            let clientCertificate = try await authority.issue("api", "api1")
            try await change { try $0.install($0 === serverFiles ? certificate : clientCertificate) }
        }

        /// Changes the files of both sides, and waits until all have taken them up.
        func change(_ body: (InstalledFiles) throws -> Void) async throws {
            let before = (serverCount, clientCount)
            try body(serverFiles)
            try body(clientFiles)
            try await waitUntil(timeout: takenUpWithin, "all have taken up the new files") {
                serverCount > before.0 && clientCount >= before.1 + connectionsCount
            }
        }

        private var serverCount: Int { server.process.errorOutput.ranges(of: takenUp).count }
        private var clientCount: Int { log.count(takenUp) }
    }
}
