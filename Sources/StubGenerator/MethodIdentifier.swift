/// The number that stands for a method on the wire: the 64-bit FNV-1a hash of `package.Service/Method`.
package func methodIdentifier(service: String, method: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(service)/\(method)".utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return hash
}
