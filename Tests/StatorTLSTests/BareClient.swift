import COpenSSL
import TestSupport

/// A client made of OpenSSL alone, from memory to memory; it does what our engine never does.
final class BareClient {
    private let context: OpaquePointer
    private let connection: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init(_ paths: TestCertificates.Paths) throws {
        let offered = [UInt8(8)] + Array("stator/1".utf8)
        guard let context = SSL_CTX_new(TLS_client_method()),
            SSL_CTX_use_certificate_file(context, paths.certificateChainPath, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_use_PrivateKey_file(context, paths.privateKeyPath, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_set_alpn_protos(context, offered, UInt32(offered.count)) == 0,
            let connection = SSL_new(context), let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem())
        else {
            throw TestSupportError("OpenSSL makes no client")
        }
        // When they are empty, more may come.
        BIO_ctrl(input, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        BIO_ctrl(output, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        SSL_set_bio(connection, input, output)
        SSL_set_connect_state(connection)
        (self.context, self.connection, self.input, self.output) = (context, connection, input, output)
    }

    deinit {
        SSL_free(connection)
        SSL_CTX_free(context)
    }

    /// Goes on with the handshake, or sends what was asked for after it.
    func advance() {
        SSL_do_handshake(connection)
    }

    /// Asks the server for new keys in both directions, which it is to answer.
    func updateKeys() {
        SSL_key_update(connection, SSL_KEY_UPDATE_REQUESTED)
        advance()
    }

    /// One record.
    func write(_ bytes: [UInt8]) {
        var count = 0
        SSL_write_ex(connection, bytes, bytes.count, &count)
    }

    func receive(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { BIO_write(input, $0.baseAddress, CInt($0.count)) }
    }

    /// Reads what TLS itself has to read; no data is expected.
    func read() {
        var byte: UInt8 = 0
        var count = 0
        SSL_read_ex(connection, &byte, 1, &count)
    }

    func drainAll() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(BIO_ctrl_pending(output)))
        let count = bytes.withUnsafeMutableBytes { BIO_read(output, $0.baseAddress, CInt($0.count)) }
        return Array(bytes.prefix(max(0, Int(count))))
    }
}
