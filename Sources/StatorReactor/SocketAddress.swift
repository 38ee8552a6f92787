internal import Glibc

/// Where a stream socket listens or connects: `127.0.0.1:7701`, `[::1]:7701` or `unix:/path`.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    enum Storage: Hashable, Sendable {
        /// Address in network byte order.
        case ipv4(address: UInt32, port: UInt16)
        /// Address in memory order, as two halves.
        case ipv6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
        /// The empty path is that of an unnamed socket.
        case unix(path: String)
    }

    let storage: Storage

    init(_ storage: Storage) {
        self.storage = storage
    }

    /// Reads a numeric address with its port, or `unix:` and a path; names are for `resolve(_:)`.
    public init(parsing text: String) throws(ReactorError) {
        if let path = SocketAddress.unixPath(text) {
            self = try SocketAddress(unixPath: path)
            return
        }
        let (host, port) = try SocketAddress.split(text)
        guard let first = try? SocketAddress.lookUp(host: host, port: port, isNumeric: true).first else {
            throw ReactorError(operation: "read the address \(text)", reason: "'\(host)' is not a numeric address")
        }
        self = first
    }

    /// The address of a unix socket; a path that the system has no room for is refused.
    public init(unixPath path: String) throws(ReactorError) {
        let lengthMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
        guard !path.isEmpty, !path.utf8.contains(0), path.utf8.count <= lengthMax else {
            throw ReactorError(
                operation: "read the address unix:\(path)",
                reason: "the path of a unix socket has 1 to \(lengthMax) bytes", errno: ENAMETOOLONG)
        }
        self.init(.unix(path: path))
    }

    /// The TCP port; nil for a unix socket.
    public var port: UInt16? {
        switch storage {
        case .ipv4(_, let port), .ipv6(_, _, let port, _): port
        case .unix: nil
        }
    }

    /// The numeric host without the port; nil for a unix socket.
    public var host: String? {
        switch storage {
        case .ipv4(var address, _):
            unsafe SocketAddress.text(AF_INET, &address)
        case .ipv6(let high, let low, _, let scope):
            SocketAddress.text(high, low) + (scope == 0 ? "" : "%\(scope)")
        case .unix:
            nil
        }
    }

    public var description: String {
        switch storage {
        case .ipv4(_, let port): "\(host ?? ""):\(port)"
        case .ipv6(_, _, let port, _): "[\(host ?? "")]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    var isUnix: Bool {
        port == nil
    }

    private static func text(_ high: UInt64, _ low: UInt64) -> String {
        var halves = (high, low)
        return unsafe text(AF_INET6, &halves)
    }

    private static func text(_ family: CInt, _ address: UnsafeRawPointer) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let start = buffer.baseAddress,
                unsafe inet_ntop(family, address, start, socklen_t(buffer.count)) != nil
            else {
                return ""
            }
            return unsafe String(cString: start)
        }
    }

    static func unixPath(_ text: String) -> String? {
        text.hasPrefix("unix:") ? String(text.dropFirst("unix:".count)) : nil
    }

    /// Divides `host:port`; an IPv6 host stands in brackets.
    static func split(_ text: String) throws(ReactorError) -> (host: String, port: UInt16) {
        let parts: (host: Substring, port: Substring)?
        if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            parts = rest.hasPrefix(":") ? (text[text.index(after: text.startIndex)..<end], rest.dropFirst()) : nil
        } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            parts = (text[..<colon], text[text.index(after: colon)...])
        } else {
            parts = nil
        }
        guard let parts, !parts.host.isEmpty, !parts.host.utf8.contains(0),
            parts.port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(parts.port)
        else {
            throw ReactorError(
                operation: "read the address \(text)", reason: "expected host:port, [ipv6]:port or unix:/path")
        }
        return (String(parts.host), port)
    }
}
