internal import Foundation
internal import Glibc

/// Finds out what this machine's QEMU can do, by trying.
struct AcceleratorProbe {
    struct Result: Codable, Equatable {
        var accelerator: QEMUCommandLine.Accelerator
        var hasSandbox: Bool
        var version: String
        var bootID: String
    }

    /// A disk whose first sector tells a debugging device of QEMU that it runs: mov al, 16; out 0xf4, al; hlt; jmp.
    private static let bootSector: [UInt8] = {
        var sector = [UInt8](repeating: 0, count: 512 * 2048)
        sector.replaceSubrange(0..<7, with: [0xB0, 0x10, 0xE6, 0xF4, 0xF4, 0xEB, 0xFD])
        sector.replaceSubrange(510..<512, with: [0x55, 0xAA])
        return sector
    }()
    /// What QEMU exits with when 16 is written to its isa-debug-exit device.
    private static let bootedStatus: Int32 = 33
    private static let probeTimeout: Duration = .seconds(15)
    /// The deepest slowdown against emulation with which KVM counts as working.
    private static let processorTimeRatioMax = 3.0

    var program: String
    /// A folder for the probe's files.
    var folder: String

    /// What was found out since the machine started, or is now. Blocks for up to half a minute.
    ///
    /// - Parameter wanted: Saves trying KVM.
    func result(wanted: QEMUCommandLine.Accelerator?) throws(AgentError) -> Result {
        let path = "\(folder)/accelerator.json"
        let version = try version()
        if let wanted {
            var found = try probe(version: version, triesKVM: false)
            found.accelerator = wanted
            return found
        }
        if let bytes = try DurableFile.read(path),
            let known = try? JSONDecoder().decode(Result.self, from: Data(bytes)),
            known.version == version, known.bootID == ProcessTable.bootID
        {
            return known
        }
        let found = try probe(version: version, triesKVM: access("/dev/kvm", R_OK | W_OK) == 0)
        if let bytes = try? JSONEncoder().encode(found) { try DurableFile.replace(path, with: Array(bytes)) }
        return found
    }

    /// "7.2.22" of "QEMU emulator version 7.2.22 (Debian …)".
    private func version() throws(AgentError) -> String {
        let (end, text) = try run(["--version"])
        let words = text.split(whereSeparator: \.isWhitespace)
        guard end.isSuccess, let index = words.firstIndex(of: "version"), index + 1 < words.count else {
            throw AgentError(.environment, "\(program) --version does not tell its version: \(text)")
        }
        return String(words[index + 1])
    }

    /// Boots a sector: emulated and locked in, then under KVM.
    ///
    /// KVM's device alone proves nothing: under some nested hypervisors KVM starts and then takes ages for what
    /// it should not even notice. Processor time is compared, since it hardly depends on what else runs.
    private func probe(version: String, triesKVM: Bool) throws(AgentError) -> Result {
        let sector = "\(folder)/probe.img"
        try DurableFile.replace(sector, with: Self.bootSector)
        defer { unlink(sector) }
        var result = Result(accelerator: .tcg, hasSandbox: true, version: version, bootID: ProcessTable.bootID)
        let emulated: Duration
        do throws(AgentError) {
            emulated = try boot(sector, .tcg, more: QEMUCommandLine.sandbox)
        } catch {
            result.hasSandbox = false
            emulated = try boot(sector, .tcg)
        }
        if triesKVM, let time = try? boot(sector, .kvm),
            time < emulated * Self.processorTimeRatioMax
        {
            result.accelerator = .kvm
        }
        return result
    }

    /// The processor time that booting the sector takes.
    private func boot(
        _ sector: String, _ accelerator: QEMUCommandLine.Accelerator, more: [String] = []
    ) throws(AgentError) -> Duration {
        var words = QEMUCommandLine.machine(accelerator) + more
        words += ["-nodefaults", "-no-user-config", "-display", "none", "-m", "64"]
        words += ["-drive", "file=\(QEMUCommandLine.escaped(sector)),if=none,id=disk,format=raw,readonly=on"]
        words += ["-device", "virtio-blk-pci,drive=disk,bootindex=0"]
        words += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        let (end, text) = try run(words)
        guard end.exitStatus == Self.bootedStatus else {
            throw AgentError(.environment, "\(program) does not boot under \(accelerator): \(end.text) \(text)")
        }
        return end.processorTime
    }

    private func run(_ arguments: [String]) throws(AgentError) -> (end: ProcessStart.End, text: String) {
        let output = "\(folder)/probe.log"
        unlink(output)
        defer { unlink(output) }
        let end = try ProcessStart(program: program, arguments: arguments, output: output)
            .run(within: Self.probeTimeout)
        return (end, String(decoding: try DurableFile.read(output) ?? [], as: UTF8.self))
    }
}
