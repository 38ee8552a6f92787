internal import COpenSSL
internal import Glibc

/// Owns a reference to an X.509 certificate, and says what is in it.
@safe final class Certificate {
    let pointer: OpaquePointer

    private static let nameLengthMax = 256
    private static let uriCountMax = 64

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
        var critical: CInt = 0
        guard let names = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, &critical, nil) else {
            if critical == -1 {
                return []
            }
            throw TLSError(.invalidCertificate, "the alternative names of the certificate \(subject) cannot be read")
        }
        // Ours to free.
        let list = OpaquePointer(names)
        defer { unsafe GENERAL_NAMES_free(list) }
        var uris: [String] = []
        for index in 0..<max(0, unsafe stator_general_name_count(list)) {
            guard let name = unsafe stator_general_name(list, index),
                let text = unsafe stator_general_name_uri(name)
            else {
                continue
            }
            let bytes = unsafe UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
            guard unsafe bytes.allSatisfy({ (0x21...0x7e).contains($0) }), uris.count < Certificate.uriCountMax else {
                throw TLSError(.invalidCertificate, "the certificate \(subject) carries a URI that is not plain text")
            }
            uris.append(unsafe String(decoding: bytes, as: UTF8.self))
        }
        return uris
    }

    /// Its subject in RFC 2253 form, everything but visible ASCII escaped, and cut when it is long.
    var subject: String {
        guard let writer = unsafe BIO_new(BIO_s_mem()) else {
            return ""
        }
        defer { unsafe BIO_free(writer) }
        unsafe stator_X509_NAME_print(writer, X509_get_subject_name(pointer))
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Certificate.nameLengthMax) { buffer, count in
            count = max(0, Int(unsafe BIO_read(writer, buffer.baseAddress, CInt(buffer.count))))
        }
        return String(decoding: bytes, as: UTF8.self)
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

    private static func secondsSinceEpoch(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
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
