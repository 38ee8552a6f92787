internal import ArgumentParser
internal import CommandOptions
internal import ComputeObjects
internal import Glibc

/// Reads what is to be handed to a guest; a `ValidationError` says why that is not possible.
package func readUserData(_ path: String) throws -> [UInt8] {
    let limit = ComputeLimits.userDataByteCountMax
    if let reason = unreadableReason(path) {
        throw ValidationError("the file '\(path)' of --user-data cannot be read: \(reason)")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw ValidationError("the file '\(path)' of --user-data cannot be opened")
    }
    defer { close(descriptor) }
    // One byte more than allowed tells a file that is too long from one that just fits.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
        let got = bytes.withUnsafeMutableBytes { buffer in
            read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
        }
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else {
            throw ValidationError("the file '\(path)' of --user-data cannot be read")
        }
        if got == 0 { break }
        count += got
    }
    guard count <= limit else {
        throw ValidationError("the file '\(path)' of --user-data has more than \(limit) bytes")
    }
    return [UInt8](bytes[..<count])
}
