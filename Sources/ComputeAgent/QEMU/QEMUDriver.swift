package import ComputeMessages
internal import Foundation
internal import Glibc
internal import Logging
package import StatorObjects
internal import StatorWire

/// Real guests: one QEMU process each, in a directory of its own, that outlives the agent.
///
/// Everything that blocks runs on a few queues beside the loop; calls for one guest run one after the other.
package final class QEMUDriver: Sendable {
    package struct Configuration: Sendable {
        /// Holds one folder for each guest.
        package var folder: String
        package var program = "qemu-system-x86_64"
        package var imageProgram = "qemu-img"
        /// Nil: KVM when it works, else TCG.
        package var accelerator: QEMUCommandLine.Accelerator?

        package init(folder: String) {
            self.folder = folder
        }
    }

    private static let pollInterval: Duration = .milliseconds(50)
    private static let pressInterval: Duration = .seconds(2)
    private static let quitTimeout: Duration = .seconds(2)
    private static let overlayTimeout: Duration = .seconds(120)
    private static let messagesLengthMax = 256 << 10

    package let accelerator: QEMUCommandLine.Accelerator
    package let hypervisorVersion: String
    private let configuration: Configuration
    private let hasSandbox: Bool
    private let queues: BlockingQueues
    /// For looks at all guests, which must not wait behind one slow guest.
    private let watch = BlockingQueue(label: "qemu-watch")

    /// Probes what the machine can do; blocks for some seconds the first time after the machine's start.
    package init(_ configuration: Configuration) throws(AgentError) {
        self.configuration = configuration
        try DurableFile.makeFolder(configuration.folder)
        let probe = try AcceleratorProbe(program: configuration.program, folder: configuration.folder)
            .result(wanted: configuration.accelerator)
        accelerator = probe.accelerator
        hypervisorVersion = probe.version
        hasSandbox = probe.hasSandbox
        queues = BlockingQueues(label: "qemu", count: 8)
    }

    package func folder(of id: ObjectID) -> GuestFolder {
        GuestFolder(id: id, under: configuration.folder)
    }

    /// The guest's running QEMU.
    package func process(of id: ObjectID) async -> ProcessIdentity? {
        let folder = folder(of: id)
        return await queues.queue(for: id).run { folder.process() }
    }

    private func blocking<Value: Sendable>(
        _ id: ObjectID, _ body: @escaping @Sendable (GuestFolder) throws(DriverError) -> Value
    ) async throws(DriverError) -> Value {
        let folder = folder(of: id)
        return try await queues.queue(for: id).run { () throws(DriverError) in try body(folder) }
    }

    private func commandLine(_ guest: GuestSpecification) -> QEMUCommandLine {
        QEMUCommandLine(
            guest: guest, files: folder(of: guest.id).files, accelerator: accelerator, hasSandbox: hasSandbox)
    }
}

extension QEMUDriver: HypervisorDescription {
    package var hypervisor: String { "QEMU" }
    package var guestAccelerator: Accelerator { accelerator == .kvm ? .kvm : .tcg }
}

extension QEMUDriver: GuestLifecycle {
    package func create(_ guest: GuestSpecification) async throws(DriverError) {
        let commandLine = commandLine(guest)
        let imageProgram = configuration.imageProgram
        try await blocking(guest.id) { (folder) throws(DriverError) in
            try Self.prepare(folder, commandLine, imageProgram: imageProgram)
        }
        if Task.isCancelled { throw DriverError(.cancelled, "the build was cancelled") }
        try await start(guest)
    }

    /// Makes the guest's files.
    private static func prepare(
        _ folder: GuestFolder, _ commandLine: QEMUCommandLine, imageProgram: String
    ) throws(DriverError) {
        do throws(AgentError) {
            try DurableFile.makeFolder(folder.files.folder)
            if let userData = commandLine.guest.userData {
                try DurableFile.replace(folder.files.userData, with: userData)
            }
            guard commandLine.hasDisk else { return }
            let output = "\(folder.files.folder)/qemu-img.log"
            let end = try ProcessStart(
                program: imageProgram, arguments: commandLine.overlayArguments, output: output
            ).run(within: overlayTimeout)
            let text = String(decoding: try DurableFile.read(output) ?? [], as: UTF8.self)
            try DurableFile.remove(output)
            guard end.isSuccess else {
                let reason = ProcessStart.reason(in: text, of: imageProgram) ?? end.text
                throw AgentError(.environment, "the root disk could not be made: \(reason)")
            }
        } catch {
            throw DriverError(error)
        }
    }

    package func destroy(_ id: ObjectID) async throws(DriverError) {
        try await blocking(id) { (folder) throws(DriverError) in
            try folder.kill()
            do throws(AgentError) {
                try DurableFile.removeTree(folder.files.folder)
                try DurableFile.syncFolder(of: folder.files.folder)
            } catch {
                throw DriverError(error)
            }
        }
    }

    package func guests() async throws(DriverError) -> [ObjectID] {
        let folder = configuration.folder
        return try await watch.run { () throws(DriverError) in
            do throws(AgentError) {
                return try DurableFile.names(in: folder).compactMap { ObjectID($0) }
            } catch {
                throw DriverError(error)
            }
        }
    }
}

extension QEMUDriver: PowerControl {
    package func start(_ guest: GuestSpecification) async throws(DriverError) {
        let commandLine = commandLine(guest)
        let program = configuration.program
        try await blocking(guest.id) { (folder) throws(DriverError) in
            guard folder.exists else {
                throw DriverError(.notFound, "the guest's files are gone from this host")
            }
            switch folder.process().flatMap({ _ in folder.powerState() }) {
            case .running, .paused, .suspended:
                return
            case .pending, .crashed, .shutdown, nil:
                // Also one that was started just before the agent was killed: it is in no file yet, or has not
                // answered, so that nobody knows whether it comes up.
                try folder.kill()
            }
            try folder.start(commandLine, program: program)
        }
    }

    package func stop(_ id: ObjectID, grace: Duration) async throws(DriverError) {
        if try await !powerOff(id, grace: grace) {
            try await blocking(id) { (folder) throws(DriverError) in
                // Quitting lets QEMU write its caches out; what does not even quit is killed.
                _ = try? folder.monitor { (client) throws(QMPClient.Failure) in try client.execute("quit") }
                _ = folder.process()?.hasEnded(within: Self.quitTimeout)
            }
        }
        try await blocking(id) { (folder) throws(DriverError) in
            guard folder.exists else { throw DriverError(.notFound, "there is no such guest on this host") }
            try folder.kill()
        }
    }

    /// Presses the power button and waits; true when the guest is off.
    ///
    /// As Nova does, it presses again from time to time: a guest that is still starting does not hear the first.
    private func powerOff(_ id: ObjectID, grace: Duration) async throws(DriverError) -> Bool {
        let deadline = ContinuousClock.now.advanced(by: grace)
        var nextPress = ContinuousClock.now
        var isRunning = await process(of: id) != nil
        while isRunning, ContinuousClock.now < deadline {
            if ContinuousClock.now >= nextPress {
                // One that does not answer its monitor will not power off either.
                guard try await pressPowerButton(id) else { break }
                nextPress = ContinuousClock.now.advanced(by: Self.pressInterval)
            }
            do {
                try await Task.sleep(for: Self.pollInterval)
            } catch {
                throw DriverError(.cancelled, "the wait for the guest to power off was cancelled")
            }
            isRunning = await process(of: id) != nil
        }
        return await process(of: id) == nil
    }

    private func pressPowerButton(_ id: ObjectID) async throws(DriverError) -> Bool {
        try await blocking(id) { (folder) throws(DriverError) in
            let status = try? folder.monitor { (client) throws(QMPClient.Failure) in
                _ = try client.execute("system_powerdown")
                return try client.execute("query-status")
            }
            return status == "running"
        }
    }

    package func reboot(_ guest: GuestSpecification, grace: Duration) async throws(DriverError) {
        if try await powerOff(guest.id, grace: grace) {
            try await start(guest)
        } else {
            try await reset(guest)
        }
    }

    package func reset(_ guest: GuestSpecification) async throws(DriverError) {
        let isReset = try await blocking(guest.id) { (folder) throws(DriverError) in
            guard folder.process() != nil else { return false }
            let status = try? folder.monitor { (client) throws(QMPClient.Failure) in
                _ = try client.execute("system_reset")
                return try client.execute("query-status")
            }
            if status == "running" { return true }
            // Not answering, or halted by an error that a reset does not lift.
            try folder.kill()
            return false
        }
        if !isReset { try await start(guest) }
    }

    package func pause(_ id: ObjectID) async throws(DriverError) {
        try await turn(id, with: "stop", to: .paused)
    }

    package func unpause(_ id: ObjectID) async throws(DriverError) {
        try await turn(id, with: "cont", to: .running)
    }

    private func turn(
        _ id: ObjectID, with command: String, to wanted: PowerState
    ) async throws(DriverError) {
        try await blocking(id) { (folder) throws(DriverError) in
            guard folder.process() != nil else {
                throw DriverError(.failedPrecondition, "the guest does not run on this host")
            }
            do throws(QMPClient.Failure) {
                _ = try folder.monitor { (client) throws(QMPClient.Failure) in try client.execute(command) }
            } catch {
                throw DriverError(.unavailable, "the guest's QEMU does not answer", details: "\(error)")
            }
            let state = folder.powerState()
            guard state == wanted else {
                throw DriverError(
                    .internal, "the guest is \(state?.description ?? "gone") after QEMU's '\(command)', not \(wanted)")
            }
        }
    }

    package func powerState(of id: ObjectID) async throws(DriverError) -> PowerState? {
        try await blocking(id) { (folder) throws(DriverError) in folder.powerState() }
    }

    package func running(among ids: [ObjectID]) async -> Set<ObjectID> {
        let folders = ids.map(folder(of:))
        return await watch.run { Set(folders.filter { $0.process() != nil }.map(\.id)) }
    }
}

extension QEMUDriver: ConsoleAccess {
    package func consoleOutput(of id: ObjectID, lengthMax: Int) async throws(DriverError) -> [UInt8] {
        let folder = folder(of: id)
        return try await watch.run { () throws(DriverError) in
            guard folder.exists else { throw DriverError(.notFound, "there is no such guest on this host") }
            do throws(AgentError) {
                return try ConsoleLog(path: folder.files.console).tail(lengthMax: lengthMax)
            } catch {
                throw DriverError(error)
            }
        }
    }

    package func trimConsoles(of ids: [ObjectID]) async {
        let folders = ids.map(folder(of:))
        await watch.run {
            for folder in folders {
                // A file that cannot be trimmed now is tried again in a second.
                try? ConsoleLog(path: folder.files.console).trim()
                ConsoleLog.empty(folder.files.messages, above: Self.messagesLengthMax)
                folder.reapEnded()
            }
        }
    }
}
