import Foundation

/// A QEMU that runs now, as /proc tells.
struct QEMUProcess: Hashable {
    let processID: Int32
    /// The instance whose guest it is: what its option `-uuid` says.
    let instance: String
    /// The name of the host's state directory.
    let host: String

    /// Those whose command line names files below this folder.
    static func running(below folder: String) -> [QEMUProcess] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.compactMap { QEMUProcess($0, below: folder) }
            .sorted { $0.processID < $1.processID }
    }

    private init?(_ processID: Int32, below folder: String) {
        guard let data = FileManager.default.contents(atPath: "/proc/\(processID)/cmdline") else { return nil }
        let words = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.first?.contains("qemu-system") == true,
            let option = words.firstIndex(of: "-uuid"), option + 1 < words.count,
            let file = words.first(where: { $0.contains("\(folder)/") }),
            let path = file.range(of: "\(folder)/")
        else { return nil }
        self.processID = processID
        instance = words[option + 1]
        host = String(file[path.upperBound...].prefix { $0 != "/" })
    }
}
