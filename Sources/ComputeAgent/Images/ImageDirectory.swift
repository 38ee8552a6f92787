package import ComputeMessages
internal import Foundation
internal import Glibc
package import Logging
internal import StatorObjects
internal import StatorWire
internal import Synchronization

/// The images that lie on this host, one folder each. Every method may block; for a `BlockingQueue`.
///
/// A file's digest is remembered with its size and times, so that a restart does not read gigabytes again.
package final class ImageDirectory: Sendable {
    /// The contract allows a host no more.
    package static let imageCountMax = 256

    private struct Digest: Codable, Equatable {
        var size: Int64
        var modified: Int64
        var changed: Int64
        var inode: UInt64
        var sha256: [UInt8]

        func isOf(_ other: Digest) -> Bool {
            size == other.size && modified == other.modified && changed == other.changed && inode == other.inode
        }
    }

    private let folder: String
    private let cachePath: String
    private let logger: Logger
    private let digests: Mutex<[String: Digest]>

    /// - Parameter cachePath: Where digests are kept over restarts.
    package init(folder: String, cachePath: String, logger: Logger) {
        self.folder = folder
        self.cachePath = cachePath
        self.logger = logger
        let bytes = (try? DurableFile.read(cachePath)) ?? nil
        // A cache that cannot be read only costs time.
        let cached = bytes.flatMap { try? JSONDecoder().decode([String: Digest].self, from: Data($0)) }
        digests = Mutex(cached ?? [:])
    }

    /// The images whose files are as their checksums say; others are logged and left out.
    package func images() throws(AgentError) -> [LocalImage] {
        var found: [ObjectID: LocalImage] = [:]
        for name in try DurableFile.names(in: folder) where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            guard access("\(path)/\(ImageManifest.fileName)", F_OK) == 0 else { continue }
            do {
                let image = try image(in: path)
                if let other = found[image.id] {
                    logger.warning("image not offered: \(path) has the uuid of \(other.name)")
                } else if found.count == Self.imageCountMax {
                    logger.warning("image not offered: \(path) is above the \(Self.imageCountMax) that a host may have")
                } else {
                    found[image.id] = image
                }
            } catch {
                logger.warning("image not offered: \(path): \(error)")
            }
        }
        saveDigests()
        return found.values.sorted { $0.id < $1.id }
    }

    /// The image that a directive wants, if it is here with just that checksum.
    package func image(for wanted: Image?) throws(DriverError) -> LocalImage {
        guard let wanted, let id = wanted.uuid else {
            throw DriverError(.invalidArgument, "the instance has no image")
        }
        let local: LocalImage?
        do throws(AgentError) {
            local = try images().first { $0.id == id }
        } catch {
            throw DriverError(error)
        }
        guard let local else {
            throw DriverError(
                .failedPrecondition, "this host does not have image \(wanted.name ?? id.description), or not undamaged")
        }
        guard let checksum = wanted.checksum, checksum == local.checksum else {
            throw DriverError(
                .failedPrecondition,
                "image \(local.name) on this host has another checksum than the one that was asked for",
                details: "here \(ImageChecksum.hexadecimal(local.checksum)), "
                    + "asked for \(wanted.checksum.map(ImageChecksum.hexadecimal) ?? "none")")
        }
        return local
    }

    private func image(in path: String) throws -> LocalImage {
        let manifest = try ImageManifest(try DurableFile.read("\(path)/\(ImageManifest.fileName)") ?? [])
        var checksum = ImageChecksum()
        var size: UInt64 = 0
        for (key, name) in [("kernel", manifest.kernel), ("initrd", manifest.initrd), ("disk", manifest.disk)] {
            guard let name else { continue }
            let digest = try digest(of: "\(path)/\(name)")
            checksum.add(key, digest: digest.sha256)
            size += UInt64(clamping: digest.size)
        }
        if let commandLine = manifest.commandLine {
            checksum.add("cmdline", digest: ImageChecksum.digest(of: Array(commandLine.utf8)))
        }
        guard checksum.value == manifest.checksum else {
            throw ImageManifest.Invalid(
                description:
                    "its files do not have its checksum; they make \(ImageChecksum.hexadecimal(checksum.value))")
        }
        var boot = LocalImage.Boot.disk
        if !manifest.isDiskBooted, let kernel = manifest.kernel {
            boot = .kernel(
                path: "\(path)/\(kernel)", initrd: manifest.initrd.map { "\(path)/\($0)" },
                commandLine: manifest.commandLine ?? "")
        }
        return LocalImage(
            id: manifest.id, name: manifest.name, checksum: manifest.checksum, minMemoryMb: manifest.minMemoryMb,
            minRootGb: manifest.minRootGb, sizeBytes: size, boot: boot,
            disk: manifest.disk.map { LocalImage.Disk(path: "\(path)/\($0)", format: manifest.diskFormat) })
    }

    private func digest(of path: String) throws(AgentError) -> Digest {
        let status = try FileDescriptor.open(path, O_RDONLY).status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw AgentError(.storage, "\(path) is no file") }
        var digest = Digest(
            size: Int64(status.st_size), modified: Self.nanoseconds(status.st_mtim),
            changed: Self.nanoseconds(status.st_ctim), inode: UInt64(status.st_ino), sha256: [])
        if let known = digests.withLock({ $0[path] }), known.isOf(digest) { return known }
        digest.sha256 = try ImageChecksum.digest(ofFile: path)
        let result = digest
        digests.withLock { $0[path] = result }
        return result
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func saveDigests() {
        let known = digests.withLock { digests in
            digests = digests.filter { access($0.key, F_OK) == 0 }
            return digests
        }
        guard let bytes = try? JSONEncoder().encode(known),
            ((try? DurableFile.read(cachePath)) ?? nil) != Array(bytes)
        else { return }
        try? DurableFile.replace(cachePath, with: Array(bytes))
    }
}
