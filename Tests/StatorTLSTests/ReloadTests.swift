import Foundation
import StatorTLS
import TestSupport
import Testing

@Suite struct ReloadTests {
    private let directory: TemporaryDirectory
    private let configuration: TLSConfiguration

    init() throws {
        directory = try TemporaryDirectory()
        configuration = TLSConfiguration(
            certificateChainPath: directory.file("own.crt"), privateKeyPath: directory.file("own.key"),
            trustRootsPath: directory.file("ca.crt"), revocationListPath: directory.file("revoked.crl"))
        let paths = try TestCertificates.tls(class: "conductor", name: "conductor1")
        try put(paths.certificateChainPath, at: configuration.certificateChainPath)
        try put(paths.privateKeyPath, at: configuration.privateKeyPath)
        try put(paths.trustRootsPath, at: configuration.trustRootsPath)
        _ = try TestCertificates.revocationList(in: directory)
    }

    /// Replaces the file as one that is renamed over it.
    private func put(_ source: String, at path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: source, toPath: path)
    }

    @Test func `keeps the context until it is asked for another`() throws {
        let context = try ReloadableTLSContext(configuration, role: .server)
        #expect(context.generation == 1)
        #expect(!context.filesHaveChanged())
        let first = context.current
        #expect(context.current === first)
        let second = try context.reload()
        #expect(second !== first)
        #expect(context.current === second)
        #expect(context.generation == 2)
    }

    @Test func `takes up a new certificate with its key, and not one without the other`() throws {
        let context = try ReloadableTLSContext(configuration, role: .server)
        let first = context.current
        let new = try TestCertificates.tls(class: "conductor", name: "conductor2")
        try put(new.certificateChainPath, at: configuration.certificateChainPath)
        #expect(context.filesHaveChanged())
        let error = #expect(throws: TLSError.self) { try context.reload() }
        #expect(error?.code == .keyMismatch)
        #expect(context.current === first)
        #expect(context.generation == 1)
        // Once tried, they are left alone until they change again.
        #expect(!context.filesHaveChanged())
        try put(new.privateKeyPath, at: configuration.privateKeyPath)
        #expect(context.filesHaveChanged())
        try context.reload()
        #expect(context.generation == 2)

        let host = try TLSContext(
            TLSConfiguration(TestCertificates.tls(class: "compute", name: "host1")), role: .client)
        var pair = try EnginePair(client: host, server: context.current)
        try pair.connect()
        #expect(try pair.client.engine.peerURIs() == ["stator://dev/conductor/conductor2"])
    }

    @Test func `sees each of the files change, and go`() throws {
        let context = try ReloadableTLSContext(configuration, role: .client)
        _ = try TestCertificates.revocationList(in: directory)
        #expect(context.filesHaveChanged())
        try context.reload()
        #expect(!context.filesHaveChanged())
        try put(configuration.trustRootsPath, at: directory.file("copy"))
        try put(directory.file("copy"), at: configuration.trustRootsPath)
        #expect(context.filesHaveChanged())
        try context.reload()
        try FileManager.default.removeItem(atPath: directory.file("revoked.crl"))
        #expect(context.filesHaveChanged())
        let error = #expect(throws: TLSError.self) { try context.reload() }
        #expect(error?.code == .fileUnreadable)
        #expect(context.generation == 3)
    }

    @Test func `leaves connections as they are`() throws {
        let context = try ReloadableTLSContext(configuration, role: .server)
        let host = try TLSContext(
            TLSConfiguration(TestCertificates.tls(class: "compute", name: "host1")), role: .client)
        var pair = try EnginePair(client: host, server: context.current)
        try pair.connect()
        try context.reload()
        try pair.client.write([1])
        try pair.server.write([2])
        pair.run()
        #expect(pair.server.received == [1])
        #expect(pair.client.received == [2])
        let refusal = context.current.refusal(of: pair.server.engine)
        #expect(refusal == nil)
    }
}
