public import StatorObjects
internal import StatorWire

/// The typed object that a status carries besides its sentence.
///
/// On the wire: one byte with the length of the message's name, the name in UTF-8, then the encoded message, lowered like
/// any other to what the receiver understands.
enum RPCErrorDetail: Sendable {
    case own(any VersionedMessage)
    case received(name: String, bytes: [UInt8], from: Manifest?)

    /// Reads what a peer sent; nil when there is nothing, or nothing that can be read.
    init?(_ details: [UInt8], from sender: Manifest?) {
        guard let length = details.first.map(Int.init), details.count > length,
            let name = String(validating: details[1...length], as: UTF8.self), !name.isEmpty
        else { return nil }
        self = .received(name: name, bytes: [UInt8](details[(1 + length)...]), from: sender)
    }

    /// As it goes to a peer; nothing when it cannot be said at the peer's version, since the status matters more.
    func wireBytes(for receiver: Manifest?) -> [UInt8] {
        switch self {
        case .own(let message):
            let name = Array(type(of: message).schema.name.utf8)
            guard let length = UInt8(exactly: name.count), let bytes = try? message.encodedBytes(for: receiver) else {
                return []
            }
            return [length] + name + bytes
        case .received(let name, let bytes, let sender):
            // Handed on as it came, which is right only for one who understands the same.
            guard sender == receiver, let length = UInt8(exactly: name.utf8.count) else { return [] }
            return [length] + Array(name.utf8) + bytes
        }
    }
}

extension RPCError {
    /// The full name of the object that the status carries, such as `stator.v1.Fault`; nil: none.
    public var detailName: String? {
        switch detail {
        case .own(let message): type(of: message).schema.name
        case .received(let name, _, _): name
        case nil: nil
        }
    }

    /// The object that the status carries; nil when it carries none or one of another type, or it cannot be read.
    public func detail<Detail: VersionedMessage>(as type: Detail.Type) -> Detail? {
        switch detail {
        case .own(let message): message as? Detail
        case .received(let name, let bytes, let sender):
            name == Detail.schema.name ? try? Detail(decoding: bytes, from: sender) : nil
        case nil: nil
        }
    }

    /// As it goes to a peer.
    func status(for receiver: Manifest?) -> CallStatus {
        CallStatus(code, message, details: detail?.wireBytes(for: receiver) ?? [])
    }
}
