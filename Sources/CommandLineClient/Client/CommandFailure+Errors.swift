internal import ArgumentParser
internal import ComputeObjects
internal import StatorRPC
internal import StatorReactor
internal import StatorTLS
internal import StatorWire

extension CommandFailure {
    /// What is said of an error that ends a command.
    package init(describing error: any Error) {
        switch error {
        case let failure as CommandFailure:
            self = failure
        case let error as RPCError:
            self.init(error)
        case let error as TLSError:
            self.init(Self.status(of: error.code), error.message.singleLine)
        case let error as ReactorError:
            self.init(.unreachable, error.description.singleLine)
        case let error as InvalidName:
            // Seen before anything was asked for.
            self.init(.usage, error.message)
        case is CancellationError:
            self.init(.failure, "interrupted")
        default:
            self.init(.failure, "\(error)".singleLine)
        }
    }

    private init(_ error: RPCError) {
        let message = error.message.singleLine
        let status = (error.cause as? TLSError).map { Self.status(of: $0.code) } ?? CommandStatus(error.code)
        self.init(status, message.isEmpty ? "the API answered \(error.code)" : message)
    }

    /// A file that cannot be used is the command line's mistake; a certificate that is refused is a refusal.
    private static func status(of code: TLSError.Code) -> CommandStatus {
        switch code {
        case .fileUnreadable, .keyExposed, .keyMismatch, .invalidCertificate: return .usage
        case .certificateRejected, .refusedByPeer: return .failure
        default: return .unreachable
        }
    }
}
