/// Tells a repeated request from another one that bears the same idempotency key by mistake.
///
/// Two FNV-1a hashes over different beginnings, 16 bytes: proof against slips, which is all that it is for; a caller
/// who builds a collision deceives only itself.
package enum RequestDigest {
    package static func of(_ action: String, _ bytes: [UInt8]) -> [UInt8] {
        [0x00, 0xff].flatMap { (salt: UInt8) -> [UInt8] in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            func add(_ byte: UInt8) {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
            add(salt)
            action.utf8.forEach(add)
            // Ends the action's text, so that it can't run into the request's bytes.
            add(0)
            bytes.forEach(add)
            return withUnsafeBytes(of: hash.bigEndian, Array.init)
        }
    }
}
