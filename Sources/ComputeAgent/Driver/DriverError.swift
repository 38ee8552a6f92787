package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
package import StatorWire

/// Why a driver could not do what it was asked, as it will be told to the user.
package struct DriverError: Error, Equatable, Sendable, CustomStringConvertible {
    package var code: StatusCode
    package var message: String
    /// A tool's own words, for an operator.
    package var details: String?

    package init(_ code: StatusCode, _ message: String, details: String? = nil) {
        self.code = code
        self.message = message
        self.details = details
    }

    package init(_ error: AgentError) {
        self.init(.internal, error.message)
    }

    package var description: String {
        details.map { "\(message): \($0)" } ?? message
    }

    /// The error as an object, within the lengths that the contract sets.
    package var fault: Fault {
        var fault = Fault()
        fault.code = UInt32(code.rawValue)
        fault.message = message.singleLine.prefix(byteCountMax: 1024)
        fault.details = details?.prefix(byteCountMax: 16384)
        fault.createdAt = Timestamp.now()
        return fault
    }
}
