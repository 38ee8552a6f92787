internal import ComputeMessages
internal import Foundation
internal import Glibc
package import StatorObjects
internal import StatorWire

/// One guest's directory, and the QEMU that belongs to it. Every method may block; for a `BlockingQueue`.
package struct GuestFolder: Sendable {
    static let monitorTimeout: Duration = .seconds(5)
    static let killTimeout: Duration = .seconds(10)
    /// QEMU tells on its monitor that it has started; on a busy machine that takes a while.
    static let startTimeout: Duration = .seconds(30)

    package let id: ObjectID
    package let files: QEMUCommandLine.Files

    package init(id: ObjectID, under folder: String) {
        self.id = id
        files = QEMUCommandLine.Files(folder: "\(folder)/\(id)")
    }

    var exists: Bool { access(files.folder, F_OK) == 0 }

    /// The guest's running QEMU.
    ///
    /// Found by the process that was recorded when it was started; failing that, since the agent may have been
    /// killed before it could record it, by QEMU's own file and its command line.
    package func process() -> ProcessIdentity? {
        if let recorded = recordedProcess, recorded.isAlive { return recorded }
        guard let bytes = try? DurableFile.read(files.processID),
            let number = Int32(String(decoding: bytes, as: UTF8.self).filter(\.isNumber)),
            let process = ProcessIdentity(running: number),
            ProcessTable.arguments(of: number).contains(files.processID)
        else { return nil }
        record(process)
        return process
    }

    /// All processes that were started for this guest: also a QEMU that had not yet written its file, and a
    /// qemu-img that outlived its agent and would write into the folder of the next attempt.
    func processes() -> [ProcessIdentity] {
        let (processID, disk) = (files.processID, files.disk)
        let numbers = ProcessTable.processes { arguments in
            arguments.contains(processID)
                || arguments.contains(disk) && arguments.contains(QEMUCommandLine.overlayVerb)
        }
        return numbers.compactMap(ProcessIdentity.init(running:))
    }

    /// The process that was last recorded, alive or not.
    private var recordedProcess: ProcessIdentity? {
        guard let bytes = try? DurableFile.read(files.process) else { return nil }
        return try? JSONDecoder().decode(ProcessIdentity.self, from: Data(bytes))
    }

    /// Takes a QEMU that ended by itself off the process table.
    func reapEnded() {
        if let recorded = recordedProcess, !recorded.isAlive { recorded.reap() }
    }

    private func record(_ process: ProcessIdentity) {
        // Not vital: without it the process is found by its command line.
        guard let bytes = try? JSONEncoder().encode(process) else { return }
        try? DurableFile.replace(files.process, with: Array(bytes))
    }

    /// What became of the guest; nil when there is none.
    ///
    /// An orderly QEMU removes the file with its number: one that is left behind is a crash's.
    func powerState() -> PowerState? {
        guard exists else { return nil }
        guard process() != nil else { return access(files.processID, F_OK) == 0 ? .crashed : .shutdown }
        let status: String?
        do throws(QMPClient.Failure) {
            status = try monitor { (client) throws(QMPClient.Failure) in try client.execute("query-status") }
        } catch {
            // Before its monitor listens QEMU may still find that it cannot start.
            return error.isUnreachable ? .pending : .running
        }
        return switch status {
        case "paused", "io-error", "prelaunch", "watchdog": .paused
        case "internal-error", "guest-panicked": .crashed
        case "shutdown": .shutdown
        case "suspended": .suspended
        default: .running
        }
    }

    /// One conversation with the guest's monitor.
    func monitor<Value>(
        _ body: (inout QMPClient) throws(QMPClient.Failure) -> Value
    ) throws(QMPClient.Failure) -> Value {
        var client = try QMPClient.connect(folder: files.folder, timeout: Self.monitorTimeout)
        return try body(&client)
    }

    /// Starts QEMU and waits until it answers; an error carries QEMU's own sentence, and nothing is left running.
    func start(_ commandLine: QEMUCommandLine, program: String) throws(DriverError) {
        unlink(files.processID)
        unlink("\(files.folder)/\(QEMUCommandLine.Files.monitor)")
        ConsoleLog.empty(files.messages, above: 0)
        let number: pid_t
        do throws(AgentError) {
            number = try ProcessStart(
                program: program, arguments: commandLine.arguments, folder: files.folder, output: files.messages
            ).spawn()
        } catch {
            throw DriverError(error)
        }
        let process = ProcessIdentity(running: number)
        if let process { record(process) }
        let deadline = ContinuousClock.now.advanced(by: Self.startTimeout)
        while ContinuousClock.now < deadline {
            if let end = ProcessStart.end(of: number) { throw startError(program, end.text) }
            // Somebody else may have reaped it.
            guard ProcessIdentity(running: number) != nil else { throw startError(program, "it ended at once") }
            do throws(QMPClient.Failure) {
                _ = try monitor { (client) throws(QMPClient.Failure) in try client.execute("query-status") }
                return
            } catch {
                usleep(20_000)
            }
        }
        _ = process?.kill(within: Self.killTimeout)
        throw startError(program, "it did not answer within \(Self.startTimeout)")
    }

    /// What QEMU says is the reason; all of it goes to the details.
    private func startError(_ program: String, _ end: String) -> DriverError {
        let text = String(decoding: (try? DurableFile.read(files.messages)) ?? [], as: UTF8.self)
        let reason = ProcessStart.reason(in: text, of: program) ?? end
        return DriverError(.internal, "QEMU did not start: \(reason)", details: "\(end)\n\(text)")
    }

    /// Ends every QEMU of the guest at once, and what still makes its disk.
    func kill() throws(DriverError) {
        for process in Set(processes() + (self.process().map { [$0] } ?? [])) {
            guard process.kill(within: Self.killTimeout) else {
                throw DriverError(.internal, "process \(process.processID) of the guest does not end, even when killed")
            }
        }
        forgetProcess()
    }

    /// The guest is off because it was told so: what is left of its process is no crash.
    func forgetProcess() {
        unlink(files.processID)
        unlink(files.process)
        unlink("\(files.folder)/\(QEMUCommandLine.Files.monitor)")
    }
}
