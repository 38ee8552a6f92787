internal import Foundation
internal import Glibc

/// How much of a machine is there for guests.
package struct HostCapacity: Equatable, Sendable {
    package var vcpus: UInt32
    package var memoryMb: UInt32
    package var localGb: UInt32

    package init(vcpus: UInt32, memoryMb: UInt32, localGb: UInt32) {
        self.vcpus = vcpus
        self.memoryMb = memoryMb
        self.localGb = localGb
    }

    /// What the machine has: its processors, its memory, and the size of the file system that holds a folder.
    package static func detected(for folder: String) throws(AgentError) -> HostCapacity {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { throw AgentError.system("examine", folder) }
        let information = ProcessInfo.processInfo
        return HostCapacity(
            vcpus: UInt32(clamping: information.activeProcessorCount),
            memoryMb: UInt32(clamping: information.physicalMemory >> 20),
            localGb: UInt32(clamping: (UInt64(status.f_blocks) * UInt64(status.f_frsize)) >> 30))
    }
}
