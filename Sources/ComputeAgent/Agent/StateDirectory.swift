internal import Foundation
internal import Glibc
package import StatorObjects

/// The host's own files, held by one agent at a time.
///
/// The lock belongs to the process: it ends with it, however that ends, and no guest inherits it.
package final class StateDirectory: Sendable {
    package let path: String
    private let lock: FileDescriptor

    package init(path: String) throws(AgentError) {
        try DurableFile.makeFolder(path)
        // Guests are recognised by their files' paths, which must be spelled alike after each restart.
        guard let resolved = realpath(path, nil) else { throw AgentError.system("resolve", path) }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        lock = try FileDescriptor.open("\(self.path)/lock", O_RDWR | O_CREAT)
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else {
            throw AgentError(
                .locked,
                "another stator-compute uses \(self.path); end it, or give this one a state directory of its own")
        }
        try DurableFile.makeFolder(recordsPath)
        try DurableFile.makeFolder(instancesPath)
    }

    package var journalPath: String { "\(path)/journal" }
    package var recordsPath: String { "\(path)/records" }
    package var instancesPath: String { "\(path)/instances" }
    package var imageCachePath: String { "\(path)/image-digests.json" }
    package var fakeGuestsPath: String { "\(path)/fake-guests.json" }

    /// Counts a start of the agent; each number is given once, and the next is greater.
    package func nextBootEpoch() throws(AgentError) -> UInt64 {
        let file = "\(path)/boot_epoch"
        var last: UInt64 = 0
        if let bytes = try DurableFile.read(file) {
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard let number = UInt64(text), number < .max else {
                throw AgentError(.corrupt, "\(file) holds no number; write the host's last boot epoch into it")
            }
            last = number
        }
        try DurableFile.replace(file, with: Array("\(last + 1)\n".utf8))
        return last + 1
    }
}

/// Who this host is: a uuid of its own, for good, and the name in its certificate.
package struct HostIdentity: Hashable, Codable, Sendable {
    package var uuid: String
    package var name: String

    package var id: ObjectID? { ObjectID(uuid) }

    /// Reads the host's file, or makes it at the first start; throws when certificate and file disagree.
    package static func load(from directory: StateDirectory, certificateName: String) throws(AgentError) -> HostIdentity
    {
        let path = "\(directory.path)/host.json"
        guard let bytes = try DurableFile.read(path) else {
            let identity = HostIdentity(uuid: ObjectID.random().description, name: certificateName)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            guard let text = try? encoder.encode(identity) else {
                throw AgentError(.storage, "the host's identity cannot be encoded")
            }
            try DurableFile.replace(path, with: Array(text) + [UInt8(ascii: "\n")])
            return identity
        }
        guard let identity = try? JSONDecoder().decode(HostIdentity.self, from: Data(bytes)), identity.id != nil else {
            throw AgentError(.corrupt, "\(path) does not hold a host's uuid and name; restore it from a copy")
        }
        guard identity.name == certificateName else {
            throw AgentError(
                .identityMismatch,
                "\(directory.path) belongs to host '\(identity.name)', and the certificate is host "
                    + "'\(certificateName)'s; give the certificate or the state directory that belongs to the other")
        }
        return identity
    }
}
