internal import Glibc

// The system's form of an address.
extension SocketAddress {
    var family: CInt {
        switch storage {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch storage {
        case .ipv4(let address, let port):
            var system = sockaddr_in()
            system.sin_family = sa_family_t(AF_INET)
            system.sin_port = port.bigEndian
            system.sin_addr.s_addr = address
            return unsafe SocketAddress.rebound(&system, body)
        case .ipv6(let high, let low, let port, let scope):
            var system = sockaddr_in6()
            system.sin6_family = sa_family_t(AF_INET6)
            system.sin6_port = port.bigEndian
            system.sin6_scope_id = scope
            unsafe withUnsafeMutableBytes(of: &system.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: high, as: UInt64.self)
                unsafe bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
            }
            return unsafe SocketAddress.rebound(&system, body)
        case .unix(let path):
            var system = sockaddr_un()
            system.sun_family = sa_family_t(AF_UNIX)
            // The length was checked when the address was made; the rest stays zero and ends the path.
            unsafe withUnsafeMutableBytes(of: &system.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
            return unsafe SocketAddress.rebound(&system, body)
        }
    }

    /// Nil for a family that Stator does not use.
    init?(_ system: UnsafePointer<sockaddr>, length: socklen_t) {
        let raw = unsafe UnsafeRawPointer(system)
        switch CInt(unsafe system.pointee.sa_family) {
        case AF_INET where Int(length) >= MemoryLayout<sockaddr_in>.size:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in.self)
            self.init(.ipv4(address: address.sin_addr.s_addr, port: UInt16(bigEndian: address.sin_port)))
        case AF_INET6 where Int(length) >= MemoryLayout<sockaddr_in6>.size:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
            let (high, low) = unsafe withUnsafeBytes(of: address.sin6_addr) { bytes in
                unsafe (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            let port = UInt16(bigEndian: address.sin6_port)
            self.init(.ipv6(high: high, low: low, port: port, scope: address.sin6_scope_id))
        case AF_UNIX:
            let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
            let bytes = unsafe UnsafeRawBufferPointer(start: raw + start, count: max(0, Int(length) - start))
            self.init(.unix(path: unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)))
        default:
            return nil
        }
    }

    /// What `getsockname` or `getpeername` says.
    static func reported(
        _ operation: String, by call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) throws(ReactorError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var address: SocketAddress?
        try promptSystemCall(operation) {
            unsafe withUnsafeMutablePointer(to: &storage) { storage in
                unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { system in
                    let code = unsafe call(system, &length)
                    address = code == 0 ? unsafe SocketAddress(system, length: length) : nil
                    return code
                }
            }
        }
        guard let address else {
            throw ReactorError(operation: operation, errno: EAFNOSUPPORT)
        }
        return address
    }

    private static func rebound<System, Result>(
        _ system: inout System, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: &system) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<System>.size))
            }
        }
    }
}
