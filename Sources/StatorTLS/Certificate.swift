internal import COpenSSL
internal import Glibc

/// Owns a reference to an X.509 certificate, and says what is in it.
@safe final class Certificate {
    let pointer: OpaquePointer

    private static let nameLengthMax = 256
    private static let uriCountMax = 64
    private static let serverNamesShownMax = 8

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// Adds a reference of its own to a certificate that belongs to someone else.
    init(sharing pointer: OpaquePointer) {
        unsafe X509_up_ref(pointer)
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe X509_free(pointer)
    }

    /// The URIs among its subject alternative names, in their order.
    ///
    /// A URI with anything but visible ASCII in it is refused, not skipped: it may be made to look like another.
    func uris() throws(TLSError) -> [String] {
        guard let names = unsafe alternativeNames() else {
            throw TLSError(.invalidCertificate, "the alternative names of the certificate \(subject) cannot be read")
        }
        defer { unsafe GENERAL_NAMES_free(names.list) }
        let count = unsafe names.count
        var uris: [String] = []
        for index in 0..<count {
            guard let bytes = unsafe Certificate.bytes(ofName: index, kind: GEN_URI, in: names.list) else {
                continue
            }
            guard unsafe bytes.allSatisfy(Certificate.isVisible), uris.count < Certificate.uriCountMax else {
                throw TLSError(.invalidCertificate, "the certificate \(subject) carries a URI that is not plain text")
            }
            uris.append(unsafe String(decoding: bytes, as: UTF8.self))
        }
        return uris
    }

    /// The DNS names and IP addresses among its subject alternative names, the first few of them, for sentences.
    func serverNames() -> [String] {
        guard let names = unsafe alternativeNames() else {
            return []
        }
        defer { unsafe GENERAL_NAMES_free(names.list) }
        let count = unsafe names.count
        var texts: [String] = []
        for index in 0..<count where texts.count < Certificate.serverNamesShownMax {
            if let bytes = unsafe Certificate.bytes(ofName: index, kind: GEN_DNS, in: names.list) {
                let characters = unsafe bytes.prefix(Certificate.nameLengthMax).map {
                    Certificate.isVisible($0) ? $0 : UInt8(ascii: "?")
                }
                texts.append(String(decoding: characters, as: UTF8.self))
            } else if let bytes = unsafe Certificate.bytes(ofName: index, kind: GEN_IPADD, in: names.list) {
                texts.append(unsafe Certificate.text(ofAddress: bytes))
            }
        }
        return texts
    }

    /// A list that is the caller's to free, empty when the certificate has none; nil when it cannot be read.
    private func alternativeNames() -> (list: OpaquePointer?, count: CInt)? {
        var critical: CInt = 0
        guard let names = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, &critical, nil) else {
            return critical == -1 ? (nil, 0) : nil
        }
        let list = OpaquePointer(names)
        return unsafe (list, max(0, stator_general_name_count(list)))
    }

    /// Belongs to the list; nil when the name is of another kind.
    private static func bytes(ofName index: CInt, kind: CInt, in list: OpaquePointer?) -> UnsafeBufferPointer<UInt8>? {
        guard let name = unsafe stator_general_name(list, index), let text = unsafe stator_general_name_text(name, kind)
        else {
            return nil
        }
        return unsafe UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
    }

    private static func isVisible(_ character: UInt8) -> Bool {
        (0x21...0x7e).contains(character)
    }

    private static func text(ofAddress bytes: UnsafeBufferPointer<UInt8>) -> String {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16 else {
            return "?"
        }
        var text = [UInt8](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        unsafe text.withUnsafeMutableBytes { text in
            _ = unsafe inet_ntop(
                family, bytes.baseAddress, text.baseAddress?.assumingMemoryBound(to: CChar.self), socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Its subject in RFC 2253 form, everything but visible ASCII escaped, and cut when it is long.
    var subject: String {
        unsafe Certificate.text(of: X509_get_subject_name(pointer))
    }

    /// The subject of the authority that signed it, in the same form.
    var issuer: String {
        unsafe Certificate.text(of: X509_get_issuer_name(pointer))
    }

    static func text(of name: OpaquePointer?) -> String {
        guard let name = unsafe name, let writer = unsafe BIO_new(BIO_s_mem()) else {
            return ""
        }
        defer { unsafe BIO_free(writer) }
        unsafe stator_X509_NAME_print(writer, name)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Certificate.nameLengthMax) { buffer, count in
            count = max(0, Int(unsafe BIO_read(writer, buffer.baseAddress, CInt(buffer.count))))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The SHA-256 digest of the whole certificate.
    func fingerprint() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            var length: UInt32 = 0
            _ = unsafe X509_digest(pointer, EVP_sha256(), buffer.baseAddress, &length)
            count = min(buffer.count, Int(length))
        }
    }

    var hasExpired: Bool {
        unsafe X509_cmp_current_time(X509_get0_notAfter(pointer)) <= 0
    }

    /// Whether it is valid already; one whose date cannot be read is not.
    var hasBegun: Bool {
        unsafe X509_cmp_current_time(X509_get0_notBefore(pointer)) < 0
    }

    /// Seconds since the epoch at which it ceases to be valid.
    var notAfter: Int64? {
        unsafe Certificate.secondsSinceEpoch(X509_get0_notAfter(pointer))
    }

    var notBefore: Int64? {
        unsafe Certificate.secondsSinceEpoch(X509_get0_notBefore(pointer))
    }

    /// Whether it names its purposes, and this among them.
    func isMeant(for role: TLSRole) -> Bool {
        let usage = unsafe X509_get_extended_key_usage(pointer)
        let needed = role == .server ? XKU_SSL_SERVER : XKU_SSL_CLIENT
        // All bits are set when it names none.
        return usage != UInt32.max && usage & UInt32(needed) != 0
    }

    static func secondsSinceEpoch(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var parts = unsafe tm()
        guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else {
            return nil
        }
        return Int64(unsafe timegm(&parts))
    }

    /// An instant as people read it: `2026-01-31 12:00:00 UTC`.
    static func text(secondsSinceEpoch seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = unsafe tm()
        guard unsafe gmtime_r(&time, &parts) != nil else {
            return "\(seconds) s since 1970"
        }
        let date = unsafe [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday].map(twoDigits).joined(separator: "-")
        let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        return "\(date) \(clock) UTC"
    }

    private static func twoDigits(_ number: CInt) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

/// What a certificate file says, without trusting it.
public struct CertificateInformation: Hashable, Sendable {
    /// The URIs among the subject alternative names; Stator's identities.
    public let uris: [String]
    /// Seconds since the epoch at which the certificate ceases to be valid.
    public let notAfter: Int64
    public let subject: String

    /// Reads the first certificate of a PEM file.
    public static func read(pemFile path: String) throws(TLSError) -> CertificateInformation {
        let file = try PEMFile(path: path, subject: "certificate")
        guard let certificate = try file.certificates().first, let notAfter = certificate.notAfter else {
            throw file.unreadable("its certificate does not say until when it is valid")
        }
        return CertificateInformation(
            uris: try certificate.uris(), notAfter: notAfter, subject: certificate.subject)
    }
}
