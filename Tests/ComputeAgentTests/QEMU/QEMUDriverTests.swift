import ComputeAgent
import ComputeMessages
import Foundation
import Glibc
import StatorObjects
import TestSupport
import Testing

/// Real guests: QEMU with a blank disk, which sits in its firmware.
@Suite(.serialized, .timeLimit(.minutes(5))) struct QEMUDriverTests {
    /// A driver over a folder, and an end for every QEMU that it started.
    private final class Machine {
        let folder: TemporaryDirectory
        let image: LocalImage

        init() throws {
            folder = try TemporaryDirectory()
            try folder.write(String(repeating: "\0", count: 1 << 20), to: "blank.raw")
            image = LocalImage(
                id: .random(), name: "blank", checksum: [], boot: .disk,
                disk: LocalImage.Disk(path: folder.file("blank.raw"), format: "raw"))
        }

        func driver() throws -> QEMUDriver {
            try QEMUDriver(configuration)
        }

        var configuration: QEMUDriver.Configuration {
            let name = "instances-in-a-folder-whose-path-is-too-long-for-the-address-of-a-unix-socket-if-it-were-used"
            var configuration = QEMUDriver.Configuration(folder: folder.file(name))
            configuration.accelerator = .tcg
            return configuration
        }

        func guest(userData: [UInt8]? = nil) -> GuestSpecification {
            GuestSpecification(
                id: .random(), vcpus: 1, memoryMb: 64, rootGb: 1,
                networkAdapters: [
                    GuestSpecification.NetworkAdapter(model: "virtio-net-pci", macAddress: "52:54:00:00:00:01")
                ], userData: userData, image: image)
        }

        func end() async throws {
            let driver = try driver()
            for id in try await driver.guests() { try await driver.destroy(id) }
        }
    }

    private func withMachine(_ body: (Machine) async throws -> Void) async throws {
        let machine = try Machine()
        let result: Result<Void, any Error>
        do {
            try await body(machine)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await machine.end()
        try result.get()
    }

    @Test func `a guest is created, found by a new driver with the same process, and destroyed without a trace`()
        async throws
    {
        try await withMachine { machine in
            let guest = machine.guest(userData: [1, 2, 3])
            let driver = try machine.driver()
            try await driver.create(guest)
            #expect(try await driver.powerState(of: guest.id) == .running)
            let process = try #require(await driver.process(of: guest.id))

            let next = try machine.driver()
            #expect(await next.process(of: guest.id) == process)
            #expect(try await next.guests() == [guest.id])
            #expect(await next.running(among: [guest.id, .random()]) == [guest.id])

            // Also when the agent died before it could write down which process it started.
            try FileManager.default.removeItem(atPath: next.folder(of: guest.id).files.process)
            #expect(await next.process(of: guest.id) == process)

            try await next.destroy(guest.id)
            #expect(!process.isAlive)
            #expect(!FileManager.default.fileExists(atPath: next.folder(of: guest.id).files.folder))
            #expect(try await next.powerState(of: guest.id) == nil)
            try await next.destroy(guest.id)
        }
    }

    @Test func `a guest that does not react is turned off after its time, and starts again`() async throws {
        try await withMachine { machine in
            let guest = machine.guest()
            let driver = try machine.driver()
            try await driver.create(guest)
            let first = try #require(await driver.process(of: guest.id))
            try await driver.stop(guest.id, grace: .milliseconds(300))
            #expect(!first.isAlive)
            #expect(try await driver.powerState(of: guest.id) == .shutdown)
            try await driver.stop(guest.id, grace: .seconds(1))
            try await driver.start(guest)
            try await driver.start(guest)
            let second = try #require(await driver.process(of: guest.id))
            #expect(second != first)
            try await driver.reset(guest)
            #expect(await driver.process(of: guest.id) == second)
            try await driver.reboot(guest, grace: .milliseconds(300))
            #expect(try await driver.powerState(of: guest.id) == .running)
        }
    }

    @Test func `a killed QEMU is a crash, a stopped one is not`() async throws {
        try await withMachine { machine in
            let guest = machine.guest()
            let driver = try machine.driver()
            try await driver.create(guest)
            let process = try #require(await driver.process(of: guest.id))
            kill(process.processID, SIGKILL)
            try await waitUntil("it is dead") { !process.isAlive }
            try await waitUntil("nothing is left of it") {
                await driver.trimConsoles(of: [guest.id])
                return access("/proc/\(process.processID)", F_OK) != 0
            }
            #expect(try await driver.powerState(of: guest.id) == .crashed)
            #expect(await driver.running(among: [guest.id]).isEmpty)
            try await driver.start(guest)
            #expect(try await driver.powerState(of: guest.id) == .running)
        }
    }

    @Test func `a guest whose monitor has not answered is not taken for one that runs, and is started anew`()
        async throws
    {
        try await withMachine { machine in
            let guest = machine.guest()
            let driver = try machine.driver()
            try await driver.create(guest)
            let first = try #require(await driver.process(of: guest.id))
            // As one that its agent did not live to hear from.
            kill(first.processID, SIGSTOP)
            #expect(try await driver.powerState(of: guest.id) == .pending)
            try await driver.start(guest)
            #expect(!first.isAlive)
            #expect(try await driver.powerState(of: guest.id) == .running)
        }
    }

    @Test func `a qemu-img that outlived its agent ends with its guest`() async throws {
        try await withMachine { machine in
            let driver = try machine.driver()
            let (id, other) = (ObjectID.random(), ObjectID.random())
            let files = driver.folder(of: id).files
            func start(_ disk: String) async throws {
                // Its parent has ended, as an agent would have.
                let program = "while :; do sleep 0.1; done"
                let shell = try ChildProcess(
                    executable: "/bin/sh",
                    arguments: [
                        "-c", "/bin/sh -c '\(program)' qemu-img create -q -f qcow2 \"$0\" 1G > /dev/null 2>&1 &", disk,
                    ])
                #expect(try await shell.wait() == .status(0))
            }
            func processes(_ disk: String) throws -> [ProcessIdentity] {
                try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { number in
                    let words = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
                    return words.split(separator: 0).contains(Data(disk.utf8)) && words.contains(Data("create".utf8))
                }.compactMap(ProcessIdentity.init(running:))
            }
            let othersDisk = driver.folder(of: other).files.disk
            try await start(files.disk)
            try await start(othersDisk)
            try await waitUntil("both run") {
                let (own, others) = (try processes(files.disk), try processes(othersDisk))
                return own.count == 1 && others.count == 1
            }
            try await driver.destroy(id)
            #expect(try processes(files.disk).isEmpty)
            #expect(try processes(othersDisk).count == 1)
            try await driver.destroy(other)
            #expect(try processes(othersDisk).isEmpty)
        }
    }

    @Test func `the number of another process is not taken for the guest's`() async throws {
        try await withMachine { machine in
            let guest = machine.guest()
            let driver = try machine.driver()
            try await driver.create(guest)
            try await driver.stop(guest.id, grace: .zero)
            let files = driver.folder(of: guest.id).files
            try "\(getpid())\n".write(toFile: files.processID, atomically: false, encoding: .utf8)
            #expect(await driver.process(of: guest.id) == nil)
            let own = try #require(ProcessIdentity(running: getpid()))
            let reused = ProcessIdentity(processID: own.processID, startTime: own.startTime - 1, bootID: own.bootID)
            try JSONEncoder().encode(reused).write(to: URL(fileURLWithPath: files.process))
            #expect(await driver.process(of: guest.id) == nil)
            try await driver.destroy(guest.id)
        }
    }

    @Test func `a start that fails says why in QEMU's words and leaves no process`() async throws {
        try await withMachine { machine in
            var guest = machine.guest()
            guest.image.boot = .kernel(path: "/nonexistent/vmlinuz", initrd: nil, commandLine: "")
            let driver = try machine.driver()
            let error = await #expect(throws: DriverError.self) { try await driver.create(guest) }
            #expect(error?.message.contains("could not open kernel file") == true, "\(error?.message ?? "")")
            #expect(await driver.process(of: guest.id) == nil)
            guest.image.disk = LocalImage.Disk(path: "/nonexistent/disk", format: "raw")
            try await driver.destroy(guest.id)
            let missing = await #expect(throws: DriverError.self) { try await driver.create(guest) }
            #expect(missing?.message.contains("/nonexistent/disk") == true, "\(missing?.message ?? "")")
        }
    }

    @Test func `the console file stays bounded while a guest writes to it`() async throws {
        try await withMachine { machine in
            let guest = machine.guest()
            let driver = try machine.driver()
            try await driver.create(guest)
            let path = driver.folder(of: guest.id).files.console
            let descriptor = open(path, O_WRONLY | O_APPEND)
            defer { close(descriptor) }
            for index in 0..<64 {
                let line = [UInt8](repeating: UInt8(ascii: "a") + UInt8(index % 26), count: 65536)
                #expect(write(descriptor, line, line.count) == line.count)
                await driver.trimConsoles(of: [guest.id])
            }
            var status = stat()
            stat(path, &status)
            #expect(status.st_blocks * 512 < 3 << 20)
            let tail = try await driver.consoleOutput(of: guest.id, lengthMax: 70_000)
            #expect(tail.count == 70_000)
            #expect(tail.last == UInt8(ascii: "a") + 63 % 26)
            #expect(try await driver.consoleOutput(of: guest.id, lengthMax: 10 << 20).count == 1 << 20)
        }
    }

    @Test func `guests outlive what started them: they lead sessions of their own and hold no lock`() async throws {
        try await withMachine { machine in
            let guest = machine.guest()
            let driver = try machine.driver()
            try await driver.create(guest)
            let process = try #require(await driver.process(of: guest.id))
            #expect(getsid(process.processID) == process.processID)
            let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processID)/fd")
            let targets = names.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.processID)/fd/\($0)")
            }
            #expect(
                targets.allSatisfy { $0.hasPrefix(machine.folder.path) || !$0.hasPrefix("/") || $0.hasPrefix("/dev/") },
                "\(targets)")
        }
    }
}
