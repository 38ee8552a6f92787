internal import Glibc
internal import StatorTLS

/// The checksum of an image: SHA-256 over one entry for each part that it has, in a fixed order.
package struct ImageChecksum {
    private var text = ""

    package init() {}

    /// Adds a part: "kernel", "initrd", "disk" or "cmdline", with the SHA-256 of its bytes.
    package mutating func add(_ key: String, digest: [UInt8]) {
        text += "\(key)\n\(Self.hexadecimal(digest))\n"
    }

    package var value: [UInt8] { Self.digest(of: Array(text.utf8)) }

    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { sha256($0) }
    }

    /// The digest of a file, read in pieces.
    package static func digest(ofFile path: String) throws(AgentError) -> [UInt8] {
        let file = try FileDescriptor.open(path, O_RDONLY)
        var hash = SHA256()
        var offset = 0
        while true {
            let piece = try file.read(at: offset, length: 1 << 20)
            if piece.isEmpty { return hash.finalize() }
            piece.withUnsafeBytes { hash.update($0) }
            offset += piece.count
        }
    }

    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
