internal import Foundation

/// A QEMU that runs now, as /proc tells.
package struct QEMUProcess: Hashable, Sendable {
    package let processID: Int32
    /// The instance whose guest it is: what its option `-uuid` says.
    package let instance: String
    /// The name of the host's state directory.
    package let host: String
    /// When it started, in clock ticks since the machine did: another one for each process with the same number.
    package let startTicks: UInt64

    /// Those whose command line names files below this folder.
    package static func running(below folder: String) -> [QEMUProcess] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.compactMap { QEMUProcess($0, below: folder) }
            .sorted { $0.processID < $1.processID }
    }

    private init?(_ processID: Int32, below folder: String) {
        let words = Self.commandLine(of: processID)
        guard words.first?.contains("qemu-system") == true,
            let option = words.firstIndex(of: "-uuid"), option + 1 < words.count,
            let file = words.first(where: { $0.contains("\(folder)/") }),
            let path = file.range(of: "\(folder)/")
        else { return nil }
        self.processID = processID
        startTicks = Self.startTicks(of: processID)
        instance = words[option + 1]
        host = String(file[path.upperBound...].prefix { $0 != "/" })
    }

    /// Whether its command line has the option with such a value.
    package func hasOption(_ name: String, beginning value: String) -> Bool {
        let words = Self.commandLine(of: processID)
        return zip(words, words.dropFirst()).contains { $0 == name && $1.hasPrefix(value) }
    }

    private static func commandLine(of processID: Int32) -> [String] {
        let data = FileManager.default.contents(atPath: "/proc/\(processID)/cmdline") ?? Data()
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func startTicks(of processID: Int32) -> UInt64 {
        let data = FileManager.default.contents(atPath: "/proc/\(processID)/stat") ?? Data()
        // The command may contain anything, so fields are counted from its closing bracket: the third is the first.
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 19 ? UInt64(fields[19]) ?? 0 : 0
    }
}
