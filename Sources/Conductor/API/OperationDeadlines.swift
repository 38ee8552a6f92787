package import ComputeMessages

/// How long an operation may wait until a host has taken it; from then on its outcome is what the host says.
package enum OperationDeadlines {
    package static func timeout(of kind: OperationKind) -> Duration {
        switch kind {
        // A host that is away for an hour comes back to what is to be deleted; only then is a person asked.
        case .delete: .seconds(3600)
        case .create, .start, .stop, .reboot, .rebootHard, .pause, .unpause, .unspecified: .seconds(600)
        }
    }
}
