internal import Glibc

/// What reading or writing came to.
public enum IOResult: Hashable, Sendable {
    case bytes(Int)
    case wouldBlock
    /// The peer sends nothing more; reading only.
    case end
}

/// A connected, or connecting, non-blocking stream socket; closed at the end of its life.
public struct StreamSocket: ~Copyable, Sendable {
    /// How many bytes a TCP socket takes beyond what the peer has room for: what is urgent waits behind no more.
    private static let unsentMax: CInt = 64 * 1024

    private let owned: OwnedDescriptor
    /// Whom it connects to, or who connected; the empty unix path for an unnamed peer.
    public let peerAddress: SocketAddress

    init(_ owned: consuming OwnedDescriptor, peerAddress: SocketAddress) {
        self.owned = owned
        self.peerAddress = peerAddress
    }

    /// Takes over a connected stream socket, and makes it non-blocking.
    public init(owning descriptor: CInt) throws(ReactorError) {
        let owned = OwnedDescriptor(descriptor)
        let flags = try promptSystemCall("take over descriptor \(descriptor)") { fcntl(descriptor, F_GETFL) }
        try promptSystemCall("take over descriptor \(descriptor)") { fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        peerAddress = try unsafe SocketAddress.reported("take over descriptor \(descriptor)") {
            unsafe getpeername(descriptor, $0, $1)
        }
        self.owned = owned
    }

    /// Begins to connect; when the descriptor becomes writable, `finishConnect` tells how it ended.
    public static func connect(to address: SocketAddress) throws(ReactorError) -> StreamSocket {
        let owned = try makeSocket(for: address)
        let descriptor = owned.number
        let code = unsafe address.withSockaddr { unsafe Glibc.connect(descriptor, $0, $1) } == 0 ? 0 : errno
        // Interrupted, the connection goes on being made, as in the case of EINPROGRESS.
        guard code == 0 || code == EINPROGRESS || code == EINTR else {
            throw ReactorError(operation: "connect to \(address)", errno: code)
        }
        return StreamSocket(owned, peerAddress: address)
    }

    /// Tells, once the descriptor is writable, whether connecting succeeded.
    public borrowing func finishConnect() throws(ReactorError) {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        try promptSystemCall("connect to \(peerAddress)") {
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        }
        guard code == 0 else {
            throw ReactorError(operation: "connect to \(peerAddress)", errno: code)
        }
        // No error yet is no connection yet.
        _ = try unsafe SocketAddress.reported("connect to \(peerAddress)") { unsafe getpeername(descriptor, $0, $1) }
    }

    public var descriptor: CInt {
        owned.number
    }

    public var localAddress: SocketAddress {
        borrowing get throws(ReactorError) {
            try unsafe SocketAddress.reported("ask for the local address") { unsafe getsockname(descriptor, $0, $1) }
        }
    }

    public borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReactorError) -> IOResult {
        guard buffer.count > 0 else {
            return .bytes(0)
        }
        let count = try systemCall("read from \(peerAddress)") {
            unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        guard let count else {
            return .wouldBlock
        }
        return count == 0 ? .end : .bytes(count)
    }

    /// Writes what fits, which may be less than there is. A peer that is gone is an error, never a signal.
    public borrowing func write(_ buffer: UnsafeRawBufferPointer) throws(ReactorError) -> IOResult {
        guard buffer.count > 0 else {
            return .bytes(0)
        }
        let count = try systemCall("write to \(peerAddress)") {
            unsafe send(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
        }
        return count.map { .bytes($0) } ?? .wouldBlock
    }

    /// Tells the peer that nothing more comes; reading goes on.
    public borrowing func shutdownWrite() throws(ReactorError) {
        try promptSystemCall("shut down to \(peerAddress)") { shutdown(descriptor, CInt(SHUT_WR)) }
    }

    static func makeSocket(for address: SocketAddress) throws(ReactorError) -> OwnedDescriptor {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = try promptSystemCall("make a socket for \(address)") { socket(address.family, kind, 0) }
        let owned = OwnedDescriptor(number)
        if !address.isUnix {
            // Those that a listening socket accepts inherit both.
            try setOption(number, CInt(IPPROTO_TCP), TCP_NODELAY)
            try setOption(number, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, to: unsentMax)
        }
        return owned
    }

    static func setOption(_ descriptor: CInt, _ level: CInt, _ option: CInt, to value: CInt = 1) throws(ReactorError) {
        var value = value
        try promptSystemCall("set an option of a socket") {
            unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
        }
    }
}
