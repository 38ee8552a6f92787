internal import ComputeObjects
internal import Foundation
internal import StatorObjects

/// `image.json`, as an operator wrote it; checked, but not yet against the files.
struct ImageManifest: Equatable {
    struct Invalid: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    static let fileName = "image.json"
    static let lengthMax = 64 << 10
    static let commandLineLengthMax = 2048

    var id: ObjectID
    var name: String
    var isDiskBooted: Bool
    var minMemoryMb: UInt32
    var minRootGb: UInt32
    var kernel: String?
    var initrd: String?
    var disk: String?
    var diskFormat: String
    var commandLine: String?
    var checksum: [UInt8]

    init(_ bytes: [UInt8]) throws(Invalid) {
        guard bytes.count <= Self.lengthMax else { throw Invalid(description: "it is too long") }
        let layout: Layout
        do {
            layout = try JSONDecoder().decode(Layout.self, from: Data(bytes))
        } catch {
            throw Invalid(description: "it is no JSON object with the fields of an image: \(Self.reason(error))")
        }
        guard let id = ObjectID(layout.uuid) else { throw Invalid(description: "its uuid is none: '\(layout.uuid)'") }
        do throws(InvalidName) {
            try checkName(layout.name, field: "its name")
        } catch {
            throw Invalid(description: error.message)
        }
        guard let checksum = Self.digest(layout.checksum) else {
            throw Invalid(description: "its checksum is not 64 hexadecimal digits")
        }
        self.id = id
        name = layout.name
        minMemoryMb = layout.min_memory_mb ?? 0
        minRootGb = layout.min_root_gb ?? 0
        self.checksum = checksum
        kernel = try Self.fileName(layout.kernel, key: "kernel")
        initrd = try Self.fileName(layout.initrd, key: "initrd")
        disk = try Self.fileName(layout.disk, key: "disk")
        diskFormat = layout.disk_format ?? (layout.disk?.hasSuffix(".qcow2") == true ? "qcow2" : "raw")
        commandLine = layout.cmdline
        isDiskBooted = layout.boot_method == "disk"
        try check(bootMethod: layout.boot_method)
    }

    private func check(bootMethod: String) throws(Invalid) {
        switch bootMethod {
        case "kernel" where kernel == nil:
            throw Invalid(description: "it names no kernel, and its boot_method is kernel")
        case "disk" where disk == nil: throw Invalid(description: "it names no disk, and its boot_method is disk")
        case "kernel", "disk": break
        default: throw Invalid(description: "its boot_method is neither kernel nor disk: '\(bootMethod)'")
        }
        guard ["qcow2", "raw"].contains(diskFormat) else {
            throw Invalid(description: "its disk_format is neither qcow2 nor raw: '\(diskFormat)'")
        }
        if let commandLine {
            guard commandLine.utf8.count <= Self.commandLineLengthMax,
                commandLine.unicodeScalars.allSatisfy({ !$0.isControl })
            else { throw Invalid(description: "its cmdline is too long or holds control characters") }
        }
    }

    /// A name in the image's own folder, never a way out of it.
    private static func fileName(_ name: String?, key: String) throws(Invalid) -> String? {
        guard let name else { return nil }
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), name.utf8.count <= 255,
            name.unicodeScalars.allSatisfy({ !$0.isControl })
        else { throw Invalid(description: "its \(key) is no file name: '\(name.prefix(80))'") }
        return name
    }

    private static func digest(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64, !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has the wrong type"
        default: "it cannot be parsed"
        }
    }

    /// The file's own names.
    private struct Layout: Decodable {
        var uuid: String
        var name: String
        var boot_method: String
        var min_memory_mb: UInt32?
        var min_root_gb: UInt32?
        var kernel: String?
        var initrd: String?
        var disk: String?
        var disk_format: String?
        var cmdline: String?
        var checksum: String
    }
}
