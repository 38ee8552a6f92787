internal import Glibc

/// A conversation with one guest's monitor. Blocks, but never longer than its timeout; for a `BlockingQueue`.
package struct QMPClient: ~Copyable {
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package var description: String
        /// Nobody listens on the socket, or nobody answers there: the guest does not run, or has not come up.
        package var isUnreachable = false
    }

    private let socket: CInt
    private var parser = QMPParser()
    private var received: [QMPMessage] = []
    private let timeout: Duration

    /// Connects and negotiates; QEMU answers only one client at a time, and only once it has started.
    ///
    /// - Parameter timeout: For the connection, and for each command.
    package static func connect(folder: String, timeout: Duration) throws(Failure) -> QMPClient {
        var client = QMPClient(socket: try openSocket(folder: folder), timeout: timeout)
        do throws(Failure) {
            try client.negotiate()
        } catch {
            // The socket listens before QEMU has opened its files; until it has answered, it may still end.
            throw Failure(description: error.description, isUnreachable: true)
        }
        return client
    }

    private mutating func negotiate() throws(Failure) {
        guard try next(until: ContinuousClock.now.advanced(by: timeout)) == .greeting else {
            throw Failure(description: "the monitor did not greet")
        }
        _ = try execute("qmp_capabilities")
    }

    private init(socket: CInt, timeout: Duration) {
        self.socket = socket
        self.timeout = timeout
    }

    deinit {
        close(socket)
    }

    /// Carries out a command without arguments and returns the status it names, if any.
    package mutating func execute(_ command: String) throws(Failure) -> String? {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        try send(Array("{\"execute\":\"\(command)\"}\n".utf8), until: deadline)
        while true {
            switch try next(until: deadline) {
            case .success(let status): return status
            case .failure(let text): throw Failure(description: "\(command): \(text)")
            case .event, .greeting: continue
            }
        }
    }

    private static func openSocket(folder: String) throws(Failure) -> CInt {
        // The folder's path may be longer than a socket address can hold; this one is always short.
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Failure(description: text("open \(folder)"), isUnreachable: true) }
        defer { close(directory) }
        let path = Array("/proc/self/fd/\(directory)/\(QEMUCommandLine.Files.monitor)".utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw Failure(description: text("make a socket")) }
        let status = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let failure = Failure(description: text("connect to the monitor in \(folder)"), isUnreachable: true)
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    private mutating func next(until deadline: ContinuousClock.Instant) throws(Failure) -> QMPMessage {
        while received.isEmpty {
            try wait(for: CShort(POLLIN), until: deadline)
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "the monitor hung up") }
            do {
                received = try parser.receive(buffer.prefix(count))
            } catch {
                throw Failure(description: error.description)
            }
        }
        return received.removeFirst()
    }

    private func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN || errno == EINTR {
                try wait(for: CShort(POLLOUT), until: deadline)
            } else {
                throw Failure(description: Self.text("write to the monitor"))
            }
        }
    }

    private func wait(for events: CShort, until deadline: ContinuousClock.Instant) throws(Failure) {
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw Failure(description: "the monitor did not answer within \(timeout)") }
            var entry = pollfd(fd: socket, events: events, revents: 0)
            let milliseconds = CInt(
                clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
            let count = poll(&entry, 1, milliseconds)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw Failure(description: Self.text("wait for the monitor")) }
        }
    }

    private static func text(_ verb: String) -> String {
        "cannot \(verb): \(String(cString: strerror(errno)))"
    }
}
