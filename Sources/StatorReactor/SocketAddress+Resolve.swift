internal import Glibc

extension SocketAddress {
    /// Looks a name up on a thread of its own and returns its addresses in the order of preference, never none.
    ///
    /// Numeric addresses and unix paths are answered at once. A look-up cannot be cancelled: the resolver decides how
    /// long it takes.
    public static func resolve(_ hostAndPort: String) async throws(ReactorError) -> [SocketAddress] {
        if unixPath(hostAndPort) != nil {
            return [try SocketAddress(parsing: hostAndPort)]
        }
        let (host, port) = try split(hostAndPort)
        if let numeric = try? lookUp(host: host, port: port, isNumeric: true) {
            return numeric
        }
        let result = await unsafe withUnsafeContinuation {
            (continuation: UnsafeContinuation<Result<[SocketAddress], ReactorError>, Never>) in
            do throws(ReactorError) {
                let thread = try startThread(named: "resolver") {
                    unsafe continuation.resume(
                        returning: Result { () throws(ReactorError) in
                            try lookUp(host: host, port: port, isNumeric: false)
                        })
                }
                _ = pthread_detach(thread)
            } catch {
                unsafe continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Blocks, unless the host is to be numeric.
    static func lookUp(host: String, port: UInt16, isNumeric: Bool) throws(ReactorError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | (isNumeric ? AI_NUMERICHOST : AI_ADDRCONFIG)
        var first: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &first)
        guard code == 0 else {
            if code == EAI_SYSTEM {
                throw ReactorError(operation: "look up \(host)", errno: errno)
            }
            let reason = unsafe String(cString: gai_strerror(code))
            throw ReactorError(operation: "look up \(host)", reason: reason, errno: EHOSTUNREACH)
        }
        defer { unsafe freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        var next = unsafe first
        while let entry = unsafe next {
            if let system = unsafe entry.pointee.ai_addr,
                let address = unsafe SocketAddress(system, length: entry.pointee.ai_addrlen),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else {
            throw ReactorError(operation: "look up \(host)", reason: "the name has no address", errno: EHOSTUNREACH)
        }
        return addresses
    }
}
