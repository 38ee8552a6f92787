import ComputeAgent
import ComputeMessages
import Foundation
import Logging
import StatorObjects
import StatorWire
import TestSupport
import Testing

@Suite struct ImageDirectoryTests {
    private let directory: TemporaryDirectory
    private let state: TemporaryDirectory
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        directory = try TemporaryDirectory()
        state = try TemporaryDirectory()
    }

    private func images() -> ImageDirectory {
        ImageDirectory(folder: directory.path, cachePath: state.file("digests.json"), logger: logger)
    }

    @Test func `the checksum is made of the parts that are there, in a fixed order`() {
        // printf 'kernel\n%s\ncmdline\n%s\n' $(printf k | sha256sum) $(printf c | sha256sum) | sha256sum
        var checksum = ImageChecksum()
        checksum.add("kernel", digest: ImageChecksum.digest(of: Array("k".utf8)))
        checksum.add("cmdline", digest: ImageChecksum.digest(of: Array("c".utf8)))
        #expect(
            ImageChecksum.hexadecimal(checksum.value)
                == "a9841c59d0b0b201796e45c177db11f0839a2687197a4ef13a50b191921ae22f")
    }

    @Test func `an undamaged image is offered`() throws {
        let image = try TestImage.write(to: directory)
        let found = try images().images()
        #expect(found.map(\.id) == [image.id])
        #expect(found.first?.name == "tiny")
        #expect(found.first?.minMemoryMb == 64)
        #expect(try images().image(for: image.object).checksum == image.checksum)
    }

    @Test func `an image whose file was changed is not offered, also when its digest was remembered`() throws {
        let image = try TestImage.write(to: directory)
        #expect(try images().images().count == 1)
        try directory.write("another kernel", to: "tiny/vmlinuz")
        #expect(try images().images().isEmpty)
        let error = #expect(throws: DriverError.self) { try images().image(for: image.object) }
        #expect(error?.code == .failedPrecondition)
    }

    @Test func `a directive for another checksum is refused with both`() throws {
        let image = try TestImage.write(to: directory)
        var wanted = image.object
        wanted.checksum = [UInt8](repeating: 0xAB, count: 32)
        let error = #expect(throws: DriverError.self) { try images().image(for: wanted) }
        #expect(error?.details?.contains(ImageChecksum.hexadecimal(image.checksum)) == true)
        #expect(error?.details?.contains("abab") == true)
    }

    @Test(arguments: [
        (#""kernel": "vmlinuz""#, #""kernel": "../vmlinuz""#),
        (#""kernel": "vmlinuz""#, #""kernel": "/etc/passwd""#),
        (#""kernel": "vmlinuz""#, #""kernel": """#),
        (#""boot_method": "kernel""#, #""boot_method": "network""#),
        (#""name": "tiny""#, #""name": """#),
        (#""uuid": ""#, #""uuid": "x"#),
        (#""checksum": ""#, #""checksum": "zz"#),
        (#""cmdline": "console=ttyS0""#, #""cmdline": "a\u0000b""#),
    ])
    func `a manifest that is wrong is not offered`(_ old: String, _ new: String) throws {
        try TestImage.write(to: directory)
        let path = directory.file("tiny/image.json")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try images().images().isEmpty)
    }

    @Test func `a missing directory has no images`() throws {
        #expect(try ImageDirectory(folder: "/nonexistent", cachePath: state.file("d"), logger: logger).images().isEmpty)
    }
}
