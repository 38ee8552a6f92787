import COpenSSL
import Foundation
import StatorReactor
import TestSupport

/// A peer of a blocking socket and OpenSSL, which does what no client of ours would. Used by one thread.
final class HostilePeer {
    struct Frame {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    /// How long one look for bytes takes.
    private static let lookMilliseconds = 20
    private static let waitToWriteMilliseconds = 1_000

    private let descriptor: CInt
    private var context: OpaquePointer?
    private var connection: OpaquePointer?
    /// What came and is no whole frame yet.
    private var input: [UInt8] = []
    private(set) var frames: [Frame] = []
    private(set) var hasEnded = false
    /// What TLS was told by the other side before it ended.
    private(set) var alert: Int?
    /// A peer that lives answers; one that is to look dead does not.
    var answersPings = true

    /// - Parameter receivesLittle: With a small buffer in the kernel, so that what is not read stays with its sender.
    init(_ address: SocketAddress, receivesLittle: Bool = false) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw TestSupportError("no socket: \(errno)") }
        if receivesLittle { setOption(SO_RCVBUF, CInt(4_096)) }
        setOption(SO_RCVTIMEO, timeval(tv_sec: 0, tv_usec: Self.lookMilliseconds * 1_000))
        setOption(SO_SNDTIMEO, timeval(tv_sec: Self.waitToWriteMilliseconds / 1_000, tv_usec: 0))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = (address.port ?? 0).bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw TestSupportError("cannot connect: \(errno)")
        }
    }

    deinit {
        SSL_free(connection)
        SSL_CTX_free(context)
        close(descriptor)
    }

    private func setOption<Value: BitwiseCopyable>(_ option: CInt, _ value: Value) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    /// Begins TLS; false: it came to nothing, and `alert` may say why.
    @discardableResult
    func secure(
        _ paths: TestCertificates.Paths?, versionMax: CInt = TLS1_3_VERSION, offers name: String? = "stator/1",
        by deadline: ContinuousClock.Instant
    ) throws -> Bool {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw TestSupportError("OpenSSL makes no client") }
        self.context = context
        stator_SSL_CTX_set_max_proto_version(context, versionMax)
        if let paths {
            guard SSL_CTX_use_certificate_file(context, paths.certificateChainPath, SSL_FILETYPE_PEM) == 1,
                SSL_CTX_use_PrivateKey_file(context, paths.privateKeyPath, SSL_FILETYPE_PEM) == 1
            else {
                throw TestSupportError("OpenSSL does not take \(paths.certificateChainPath)")
            }
        }
        if let name {
            let offered = [UInt8(name.utf8.count)] + Array(name.utf8)
            SSL_CTX_set_alpn_protos(context, offered, UInt32(offered.count))
        }
        guard let connection = SSL_new(context) else { throw TestSupportError("OpenSSL makes no connection") }
        self.connection = connection
        SSL_set_fd(connection, descriptor)
        var result: CInt = 0
        while result != 1, !hasEnded, ContinuousClock.now < deadline {
            ERR_clear_error()
            result = SSL_connect(connection)
            if result != 1 { noteFailure(result) }
        }
        return result == 1
    }

    private func noteFailure(_ result: CInt) {
        let error = SSL_get_error(connection, result)
        guard error != SSL_ERROR_WANT_READ, error != SSL_ERROR_WANT_WRITE else { return }
        hasEnded = true
        // The reason of an alert that was received is its number and a thousand.
        let reason = Int(ERR_peek_error() & 0x7F_FFFF)
        if error == SSL_ERROR_SSL, (1_000..<1_256).contains(reason) { alert = reason - 1_000 }
    }
}

// What it sends.
extension HostilePeer {
    /// Over TLS, once there is any; false: the other side takes no more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard let connection else { return sendPlain(bytes) }
        var sent = 0
        while sent < bytes.count {
            ERR_clear_error()
            var count = 0
            let result = bytes[sent...].withUnsafeBytes {
                SSL_write_ex(connection, $0.baseAddress, min($0.count, 16_384), &count)
            }
            guard result == 1 else { return false }
            sent += count
        }
        return true
    }

    /// Past TLS.
    @discardableResult
    func sendPlain(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) } == bytes.count
    }

    /// One byte after the other, so long apart.
    func drip(_ bytes: [UInt8], every milliseconds: UInt32, upTo count: Int = .max) {
        for byte in bytes.prefix(count) where !hasEnded {
            guard send([byte]) else { return }
            usleep(milliseconds * 1_000)
            look()
        }
    }

    /// Asks for new keys both ways.
    func updateKeys() -> Bool {
        guard let connection else { return false }
        ERR_clear_error()
        return SSL_key_update(connection, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(connection) == 1
    }

    func shutdownTLS() { SSL_shutdown(connection) }

    func halfClose() { shutdown(descriptor, CInt(SHUT_WR)) }
}

// What it hears.
extension HostilePeer {
    /// Looks for bytes once; takes what there is.
    func look() {
        guard !hasEnded else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        guard let connection else {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { hasEnded = true }
            return
        }
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(connection, &buffer, buffer.count, &count)
        guard result == 1 else { return noteFailure(result) }
        input += buffer[..<count]
        parse()
    }

    private func parse() {
        var position = 0
        while input.count - position >= 12 {
            let length = Int(number(at: position))
            guard input.count - position >= 12 + length else { break }
            let frame = Frame(
                type: input[position + 4], flags: input[position + 5], stream: number(at: position + 8),
                payload: Array(input[position + 12..<position + 12 + length]))
            position += 12 + length
            frames.append(frame)
            if frame.type == FrameBytes.ping, answersPings { send(FrameBytes.frame(FrameBytes.pong, frame.payload)) }
        }
        input.removeFirst(position)
    }

    private func number(at offset: Int) -> UInt32 {
        input[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Looks until there is such a frame; nil: the other side ended, or the time is up.
    @discardableResult
    func wait(until deadline: ContinuousClock.Instant, for isWanted: (Frame) -> Bool) -> Frame? {
        var found = frames.first(where: isWanted)
        while found == nil, !hasEnded, ContinuousClock.now < deadline {
            look()
            found = frames.first(where: isWanted)
        }
        return found
    }

    /// Whether the other side closes in time.
    func waitForEnd(until deadline: ContinuousClock.Instant) -> Bool {
        while !hasEnded, ContinuousClock.now < deadline { look() }
        return hasEnded
    }
}
