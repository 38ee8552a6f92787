internal import CLinux
internal import Glibc

/// A non-blocking socket that accepts connections; closed at the end of its life, its unix path removed.
public struct ListeningSocket: ~Copyable, Sendable {
    private let owned: OwnedDescriptor
    /// What it is bound to; with port 0 asked for, the port that the system chose.
    public let localAddress: SocketAddress

    /// Binds and listens. A unix path left behind by a process that is gone is taken over.
    public init(bindingTo address: SocketAddress, backlog: Int32 = 1024) throws(ReactorError) {
        let owned = try StreamSocket.makeSocket(for: address)
        if address.isUnix {
            ListeningSocket.removeAbandoned(address)
        } else {
            try StreamSocket.setOption(owned.number, SOL_SOCKET, SO_REUSEADDR)
        }
        try promptSystemCall("listen on \(address)") {
            unsafe address.withSockaddr { unsafe bind(owned.number, $0, $1) }
        }
        try promptSystemCall("listen on \(address)") { listen(owned.number, backlog) }
        localAddress = try unsafe SocketAddress.reported("listen on \(address)") {
            unsafe getsockname(owned.number, $0, $1)
        }
        self.owned = owned
    }

    public var descriptor: CInt {
        owned.number
    }

    /// Takes the next waiting connection; nil when there is none.
    ///
    /// Throws an error that says `isOutOfResources` while the connection stays waiting: give up the interest in reading
    /// for a while then, or the loop spins.
    public borrowing func accept() throws(ReactorError) -> StreamSocket? {
        var peer: SocketAddress?
        var number: CInt?
        repeat {
            do {
                peer = nil
                number = try acceptOne(&peer)
            } catch {
                // That peer went away while it waited; the next may still be there.
                guard error.errno == ECONNABORTED || error.errno == EPROTO else {
                    throw error
                }
                continue
            }
            guard let number else {
                return nil
            }
            return StreamSocket(OwnedDescriptor(number), peerAddress: peer ?? SocketAddress(.unix(path: "")))
        } while true
    }

    private borrowing func acceptOne(_ peer: inout SocketAddress?) throws(ReactorError) -> CInt? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        return try systemCall("accept on \(localAddress)") {
            unsafe withUnsafeMutablePointer(to: &storage) { storage in
                unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { system in
                    let number = unsafe stator_accept4(owned.number, system, &length, flags)
                    peer = number >= 0 ? unsafe SocketAddress(system, length: length) : nil
                    return number
                }
            }
        }
    }

    /// Removes the path when it is a socket that nobody listens on.
    private static func removeAbandoned(_ address: SocketAddress) {
        guard case .unix(let path) = address.storage, let probe = try? StreamSocket.makeSocket(for: address) else {
            return
        }
        let code = unsafe address.withSockaddr { unsafe connect(probe.number, $0, $1) } == 0 ? 0 : errno
        var status = stat()
        if code == ECONNREFUSED, unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK {
            _ = unsafe unlink(path)
        }
    }

    deinit {
        if case .unix(let path) = localAddress.storage {
            _ = unsafe unlink(path)
        }
    }
}
