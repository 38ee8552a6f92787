internal import ComputeMessages
package import StatorObjects

/// Keeps an answer that lists things below the length of a message.
package enum ListAnswer {
    /// Leaves room, below the 4 MiB that a message may have, for what a receiver of an older release is sent instead.
    package static let byteCountMax = 3 * 1024 * 1024
    /// A field's number and its length, before each thing.
    private static let overhead = 8

    /// As many as fit, from the first on, and one at least: whoever lists goes on after the last.
    package static func fitting<Message: VersionedMessage>(
        _ messages: [Message], byteCountMax: Int = byteCountMax
    ) throws(ObjectError) -> [Message] {
        var byteCount = 0
        for (index, message) in messages.enumerated() {
            byteCount += try message.encoding(for: nil).byteCount + overhead
            if byteCount > byteCountMax, index > 0 { return Array(messages[..<index]) }
        }
        return messages
    }
}

extension InstanceRecord {
    /// As lists show it: a fault's details, which may be long, are told of one at a time.
    var listMessage: Instance {
        var message = message
        message.fault = message.fault?.withoutDetails
        return message
    }
}

extension OperationRecord {
    var listMessage: Operation {
        var message = message
        message.fault = message.fault?.withoutDetails
        return message
    }
}

extension Fault {
    fileprivate var withoutDetails: Fault {
        var fault = self
        fault.details = nil
        return fault
    }
}
