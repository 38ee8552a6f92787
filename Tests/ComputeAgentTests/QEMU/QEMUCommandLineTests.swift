import ComputeAgent
import StatorObjects
import Testing

@Suite struct QEMUCommandLineTests {
    private static let id = ObjectID("11111111-2222-4333-8444-555555555555") ?? ObjectID(high: 0, low: 0)
    private static let kernelImage = LocalImage(
        id: .random(), name: "tiny", checksum: [],
        boot: .kernel(
            path: "/images/tiny/vmlinuz", initrd: "/images/tiny/initrd.img", commandLine: "console=ttyS0 quiet"))
    private static let diskImage = LocalImage(
        id: .random(), name: "disk", checksum: [], boot: .disk,
        disk: LocalImage.Disk(path: "/images/disk/d.qcow2", format: "qcow2"))

    private func commandLine(
        _ image: LocalImage, rootGb: UInt32 = 1, folder: String = "/state/g", userData: [UInt8]? = nil,
        accelerator: QEMUCommandLine.Accelerator = .tcg, hasSandbox: Bool = true
    ) -> QEMUCommandLine {
        QEMUCommandLine(
            guest: GuestSpecification(
                id: Self.id, vcpus: 2, memoryMb: 256, rootGb: rootGb,
                networkAdapters: [
                    GuestSpecification.NetworkAdapter(model: "virtio-net-pci", macAddress: "52:54:00:12:34:56")
                ], userData: userData, image: image),
            files: QEMUCommandLine.Files(folder: folder), accelerator: accelerator, hasSandbox: hasSandbox)
    }

    private func value(_ option: String, in words: [String]) -> String? {
        words.firstIndex(of: option).map { words[$0 + 1] }
    }

    @Test func `a kernel is booted with the instance's id behind the image's own words`() {
        let words = commandLine(Self.kernelImage).arguments
        #expect(value("-kernel", in: words) == "/images/tiny/vmlinuz")
        #expect(value("-initrd", in: words) == "/images/tiny/initrd.img")
        #expect(value("-append", in: words) == "console=ttyS0 quiet stator.instance=\(Self.id)")
        #expect(words.contains("virtio-blk-pci,drive=root"))
    }

    @Test func `a disk is booted first and only it`() {
        let words = commandLine(Self.diskImage).arguments
        #expect(!words.contains("-kernel"))
        #expect(value("-boot", in: words) == "strict=on")
        #expect(words.contains("virtio-blk-pci,drive=root,bootindex=0"))
        #expect(
            value("-drive", in: words) == "file=/state/g/disk.qcow2,if=none,id=root,format=qcow2,discard=unmap")
    }

    @Test func `size, name, network and process file are the guest's`() {
        let words = commandLine(Self.kernelImage).arguments
        #expect(value("-smp", in: words) == "2")
        #expect(value("-m", in: words) == "size=256M")
        #expect(value("-name", in: words) == "guest=\(Self.id)")
        #expect(value("-netdev", in: words) == "user,id=net0,restrict=on")
        #expect(words.contains("virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56,romfile="))
        #expect(value("-pidfile", in: words) == "/state/g/qemu.pid")
        #expect(words.contains("-nodefaults") && words.contains("-no-user-config"))
    }

    @Test func `user data is handed over only when there is some`() {
        #expect(!commandLine(Self.kernelImage).arguments.contains("-fw_cfg"))
        let words = commandLine(Self.kernelImage, userData: [1]).arguments
        #expect(value("-fw_cfg", in: words) == "name=opt/stator/user_data,file=/state/g/user_data")
    }

    @Test func `a comma in a path ends no option`() {
        let words = commandLine(Self.diskImage, folder: "/a,b", userData: [1]).arguments
        #expect(value("-drive", in: words)?.hasPrefix("file=/a,,b/disk.qcow2,if=none") == true)
        #expect(value("-fw_cfg", in: words) == "name=opt/stator/user_data,file=/a,,b/user_data")
        #expect(words.contains("file,id=console,path=/a,,b/console.log,append=on"))
        #expect(value("-pidfile", in: words) == "/a,b/qemu.pid")
    }

    @Test func `the accelerator and the sandbox are what the machine can do`() {
        let words = commandLine(Self.kernelImage, accelerator: .kvm, hasSandbox: false).arguments
        #expect(value("-accel", in: words) == "kvm")
        #expect(value("-cpu", in: words) == "host")
        #expect(!words.contains("-sandbox"))
        #expect(value("-accel", in: commandLine(Self.kernelImage).arguments) == "tcg,thread=multi")
        #expect(value("-sandbox", in: commandLine(Self.kernelImage).arguments)?.contains("spawn=deny") == true)
    }

    @Test func `the root disk is an overlay of the image's, or blank, or none`() {
        #expect(
            commandLine(Self.diskImage, rootGb: 3).overlayArguments
                == [
                    "create", "-q", "-f", "qcow2", "-b", "/images/disk/d.qcow2", "-F", "qcow2", "/state/g/disk.qcow2",
                    "3G",
                ])
        #expect(
            commandLine(Self.kernelImage).overlayArguments
                == ["create", "-q", "-f", "qcow2", "/state/g/disk.qcow2", "1G"])
        let without = commandLine(Self.kernelImage, rootGb: 0)
        #expect(!without.hasDisk)
        #expect(!without.arguments.contains("-drive"))
    }
}
