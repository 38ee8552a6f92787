internal import StatorObjects

/// The words with which QEMU is started for one guest. A pure function of what the guest is.
package struct QEMUCommandLine: Equatable, Sendable {
    package enum Accelerator: String, Codable, Sendable {
        case kvm
        case tcg
    }

    /// The files of one guest's directory.
    package struct Files: Equatable, Sendable {
        package var folder: String

        package init(folder: String) {
            self.folder = folder
        }

        package var disk: String { "\(folder)/disk.qcow2" }
        package var userData: String { "\(folder)/user_data" }
        package var console: String { "\(folder)/console.log" }
        /// QEMU's own messages.
        package var messages: String { "\(folder)/qemu.log" }
        package var processID: String { "\(folder)/qemu.pid" }
        package var process: String { "\(folder)/process.json" }
        /// Relative to the folder, in which QEMU is started: a socket's path may have 107 bytes only.
        package static let monitor = "qmp.sock"
    }

    package static let userDataName = "opt/stator/user_data"

    package var guest: GuestSpecification
    package var files: Files
    package var accelerator: Accelerator
    /// Whether this QEMU can lock itself in with seccomp.
    package var hasSandbox: Bool

    package init(guest: GuestSpecification, files: Files, accelerator: Accelerator, hasSandbox: Bool) {
        self.guest = guest
        self.files = files
        self.accelerator = accelerator
        self.hasSandbox = hasSandbox
    }

    package var arguments: [String] {
        var words = ["-name", "guest=\(guest.id)", "-uuid", guest.id.description]
        words += ["-nodefaults", "-no-user-config", "-display", "none"]
        words += Self.machine(accelerator, cpuModel: guest.cpuModel)
        words += ["-smp", String(guest.vcpus), "-m", "size=\(guest.memoryMb)M", "-rtc", "base=utc"]
        words += boot
        words += disk
        for (index, adapter) in guest.networkAdapters.enumerated() {
            words += ["-netdev", "user,id=net\(index),restrict=on"]
            // An empty romfile: nothing is to be booted from the network.
            words += ["-device", "\(adapter.model),netdev=net\(index),mac=\(adapter.macAddress),romfile="]
        }
        if guest.userData != nil {
            words += ["-fw_cfg", "name=\(Self.userDataName),file=\(Self.escaped(files.userData))"]
        }
        // With O_APPEND the agent may cut the file at any time; the next byte goes to its new end.
        words += ["-chardev", "file,id=console,path=\(Self.escaped(files.console)),append=on"]
        words += ["-serial", "chardev:console"]
        words += ["-chardev", "socket,id=monitor,path=\(Files.monitor),server=on,wait=off"]
        words += ["-mon", "chardev=monitor,mode=control"]
        words += ["-pidfile", files.processID]
        if hasSandbox { words += Self.sandbox }
        return words
    }

    /// Without it a guest that breaks out of QEMU could start other programs.
    static let sandbox = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]

    /// Machine and processor, also for probing an accelerator.
    static func machine(_ accelerator: Accelerator, cpuModel: String? = nil) -> [String] {
        switch accelerator {
        case .kvm: ["-machine", "q35", "-accel", "kvm", "-cpu", cpuModel ?? "host"]
        case .tcg: ["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", cpuModel ?? "max"]
        }
    }

    private var boot: [String] {
        guard case .kernel(let kernel, let initrd, let commandLine) = guest.image.boot else {
            return ["-boot", "strict=on"]
        }
        var words = ["-kernel", kernel]
        if let initrd { words += ["-initrd", initrd] }
        let identity = "stator.instance=\(guest.id)"
        return words + ["-append", commandLine.isEmpty ? identity : "\(commandLine) \(identity)"]
    }

    private var disk: [String] {
        guard hasDisk else { return [] }
        // A kernel given directly takes the first boot index for itself.
        let bootIndex = if case .disk = guest.image.boot { ",bootindex=0" } else { "" }
        return [
            "-drive", "file=\(Self.escaped(files.disk)),if=none,id=root,format=qcow2,discard=unmap",
            "-device", "virtio-blk-pci,drive=root\(bootIndex)",
        ]
    }

    /// A guest without a root size whose image has no disk gets none.
    package var hasDisk: Bool { guest.rootGb > 0 || guest.image.disk != nil }

    /// What qemu-img is told first when it makes a disk.
    static let overlayVerb = "create"

    /// How qemu-img makes the root disk: an overlay of the image's disk, or a blank one.
    package var overlayArguments: [String] {
        var words = [Self.overlayVerb, "-q", "-f", "qcow2"]
        if let base = guest.image.disk {
            words += ["-b", base.path, "-F", base.format]
        }
        words.append(files.disk)
        if guest.rootGb > 0 { words.append("\(guest.rootGb)G") }
        return words
    }

    /// In QEMU's option lists a comma ends a value unless it is doubled.
    static func escaped(_ text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
