package import StatorObjects

/// The records of all instances, one file each. Every method may block on the disk.
package struct RecordStore: Sendable {
    /// So many deleted instances are remembered; the oldest are forgotten first.
    package static let tombstoneCountMax = 1000

    private let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// Reads all records, after removing what a crash left half-written.
    package func load() throws(AgentError) -> [InstanceRecord] {
        var records: [InstanceRecord] = []
        for name in try DurableFile.names(in: folder) {
            let path = "\(folder)/\(name)"
            if name.hasSuffix(DurableFile.temporarySuffix) {
                try DurableFile.remove(path)
            } else if name.hasSuffix(Self.suffix), let bytes = try DurableFile.read(path) {
                records.append(try InstanceRecord(fileContents: bytes, path: path))
            }
        }
        return records
    }

    /// The record is on the disk when this returns.
    package func write(_ record: InstanceRecord) throws(AgentError) {
        try DurableFile.replace(path(of: record.id), with: try record.fileContents())
    }

    package func remove(_ id: ObjectID) throws(AgentError) {
        try DurableFile.remove(path(of: id))
    }

    /// The instances that may be forgotten: the oldest of those that are over, above the bound, whose outcomes
    /// the conductor has.
    package static func forgettable(_ records: some Sequence<InstanceRecord>, acknowledged: UInt64) -> [ObjectID] {
        let over = records.filter(\.isOver)
        guard over.count > tombstoneCountMax else { return [] }
        return
            over
            .sorted { $0.lastReportedAt < $1.lastReportedAt }
            .prefix(over.count - tombstoneCountMax)
            .filter { record in
                record.operations.allSatisfy { operation in
                    operation.outcome == .superseded || (operation.sequence.map { $0 <= acknowledged } ?? false)
                }
            }
            .map(\.id)
    }

    private static let suffix = ".json"

    private func path(of id: ObjectID) -> String {
        "\(folder)/\(id)\(Self.suffix)"
    }
}
