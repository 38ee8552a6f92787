package import StatorWire

/// With what `stator` ends; scripts may rely on it.
package enum CommandStatus: Int32, Sendable, CaseIterable {
    /// It was done; with `--wait`: the operation succeeded.
    case success = 0
    /// The request was refused or failed.
    case failure = 1
    /// The command line is wrong, a file that it names cannot be read, or the certificate is of no use.
    case usage = 2
    /// There is no such server, flavor, image, host or operation.
    case notFound = 3
    /// No API answered in time, or it could not reach a conductor.
    case unreachable = 4
    /// The operation was accepted and waited for, and failed or was cancelled.
    case operationFailed = 5

    package init(_ code: StatusCode) {
        switch code {
        case .ok: self = .success
        case .notFound: self = .notFound
        case .unavailable, .deadlineExceeded: self = .unreachable
        default: self = .failure
        }
    }

    /// The list for `--help`.
    package static let explanation = """
        EXIT STATUS
          0  it was done; with --wait, the operation succeeded
          1  the request was refused or failed
          2  the command line is wrong, or a file it names cannot be read
          3  there is no such server, flavor, image, host or operation
          4  no API answered in time, or it could not reach a conductor
          5  the operation that was waited for failed or was cancelled
        """
}

/// Why a command ends without success: one sentence, and the status to exit with.
package struct CommandFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let status: CommandStatus
    package let message: String

    package init(_ status: CommandStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    package var description: String { message }
}
