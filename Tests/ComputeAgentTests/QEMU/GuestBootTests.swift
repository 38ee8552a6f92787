import ComputeAgent
import ComputeMessages
import Foundation
import StatorObjects
import TestSupport
import Testing

/// Where `make image` puts the guest image.
private enum GuestImages {
    static let folder: String = {
        let data = ProcessInfo.processInfo.environment["STATOR_DATA"]
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return (data ?? repository.appendingPathComponent(".stator").path) + "/images"
    }()

    static var areBuilt: Bool { FileManager.default.fileExists(atPath: "\(folder)/tiny-linux/image.json") }
}

/// The small Linux guest that `make image` builds, under the real driver.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: GuestImages.areBuilt, "run make image first"))
struct GuestBootTests {
    private let folder: TemporaryDirectory
    private let driver: QEMUDriver
    private let guest: GuestSpecification

    init() throws {
        folder = try TemporaryDirectory()
        // Whatever accelerator works here.
        driver = try QEMUDriver(QEMUDriver.Configuration(folder: folder.file("instances")))
        let images = ImageDirectory(
            folder: GuestImages.folder, cachePath: folder.file("digests.json"), logger: quietLogger)
        let image = try #require(try images.images().first { $0.name == "tiny-linux" })
        guest = GuestSpecification(
            id: .random(), vcpus: 1, memoryMb: 128, rootGb: 1,
            networkAdapters: [
                GuestSpecification.NetworkAdapter(model: "virtio-net-pci", macAddress: "52:54:00:00:00:02")
            ], userData: Array("greetings".utf8), image: image)
    }

    private func console() async throws -> String {
        String(decoding: try await driver.consoleOutput(of: guest.id, lengthMax: 1 << 20), as: UTF8.self)
    }

    private func waitForBoot(count: Int) async throws {
        try await waitUntil(timeout: .seconds(120), "the guest is up \(count) times") {
            try await console().components(separatedBy: "stator guest \(guest.id) is up").count > count
        }
    }

    @Test func `a Linux guest boots, tells its id and user data, reboots softly, and powers itself off`() async throws {
        let result: Result<Void, any Error>
        do {
            try await run()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await driver.destroy(guest.id)
        try result.get()
    }

    private func run() async throws {
        try await driver.create(guest)
        try await waitForBoot(count: 1)
        try await waitUntil(timeout: .seconds(30), "it tells its user data") {
            try await console().contains("greetings")
        }
        #expect(try await console().contains("Linux version"))
        // The power button is heard once init has started its listener.
        try await waitUntil(timeout: .seconds(30), "init is up") {
            try await console().contains("activate this console")
        }
        let first = try #require(await driver.process(of: guest.id))
        try await driver.reboot(guest, grace: .seconds(60))
        // A new process: the guest powered itself off and was started again, not reset.
        #expect(await driver.process(of: guest.id) != first)
        try await waitForBoot(count: 2)
        try await waitUntil(timeout: .seconds(30), "init is up") {
            try await console().components(separatedBy: "activate this console").count > 2
        }
        let second = try #require(await driver.process(of: guest.id))
        try await driver.stop(guest.id, grace: .seconds(60))
        #expect(!second.isAlive)
        #expect(try await driver.powerState(of: guest.id) == .shutdown)
    }
}
