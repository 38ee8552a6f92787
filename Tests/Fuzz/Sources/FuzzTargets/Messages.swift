import ComputeMessages
import StatorObjects

/// A peer of the release before: one field of Instance was not there yet.
private let olderManifest = Manifest(
    ComputeManifest.current.versions.merging(["stator.v1.Instance": ObjectVersion(1, 0)]) { $1 })

/// The first byte chooses the message and how it is looked at; the rest is its encoding.
func runMessages(_ input: UnsafeRawBufferPointer) -> CInt {
    guard let choice = input.first else { return -1 }
    let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
    let sender = choice & 1 == 0 ? nil : olderManifest
    let readsAll = choice & 2 != 0
    switch choice >> 2 {
    case 0: checkMessage(Instance.self, bytes, sender, readsAll)
    case 1: checkMessage(Directive.self, bytes, sender, readsAll)
    case 2: checkMessage(ReportRequest.self, bytes, sender, readsAll)
    case 3: checkMessage(Host.self, bytes, sender, readsAll)
    case 4: checkMessage(Operation.self, bytes, sender, readsAll)
    case 5: checkMessage(CreateServerRequest.self, bytes, sender, readsAll)
    case 6: checkMessage(ListServersResponse.self, bytes, sender, readsAll)
    case 7: checkMessage(RegisterHostRequest.self, bytes, sender, readsAll)
    case 8: checkMessage(RenewLeaseResponse.self, bytes, sender, readsAll)
    case 9: checkMessage(ListHostsResponse.self, bytes, sender, readsAll)
    case 10: checkMessage(ConsoleOutput.self, bytes, sender, readsAll)
    case 11: checkMessage(Image.self, bytes, sender, readsAll)
    default: return -1
    }
    return 0
}

/// What decodes must encode, and come back the same.
private func checkMessage<Message: VersionedMessage>(
    _ type: Message.Type, _ bytes: UnsafeRawBufferPointer, _ sender: Manifest?, _ readsAll: Bool
) {
    guard let message = try? Message(decoding: bytes, from: sender) else { return }
    let encoded: [UInt8]
    do {
        encoded = try message.encodedBytes(for: sender)
    } catch {
        // An older peer cannot have sent the field, but whoever lies may name it.
        require(sender != nil && error.code == .lostInLowering, "decoded, but not encoded again: \(error)")
        return
    }
    let again: Message
    do {
        again = try Message(decoding: encoded, from: sender)
    } catch {
        // Memory is allowed in proportion to the encoding, in which nothing is said twice any more.
        require(error.code == .tooLong, "what was encoded is not decoded: \(error)")
        return
    }
    if sender == nil {
        require(again == message, "a message is another one after its way over the wire")
    }
    guard let encodedAgain = try? again.encodedBytes(for: sender) else { fail("not encoded a second time") }
    require(encodedAgain == encoded, "the same message is encoded in two ways")
    guard readsAll else { return }
    require(again.setFields == message.setFields || sender != nil, "fields appear or vanish")
    require(!message.jsonDescription.isEmpty, "a message without text")
    require(message.onlyChanges().setFields.isEmpty, "a message that just came has changed")
}
