package import StatorObjects

/// What `--format json` prints: the API's answer with the contract's names, as one document in one line.
package enum JSONDocument {
    package static func of(_ message: some VersionedMessage) -> String {
        message.jsonDescription + "\n"
    }

    /// A list is an array also when it is empty, which a protobuf message by itself would leave out.
    package static func of(_ message: some VersionedMessage, list field: String) -> String {
        message.isSet(field) ? message.jsonDescription + "\n" : "{\"\(field)\":[]}\n"
    }
}
