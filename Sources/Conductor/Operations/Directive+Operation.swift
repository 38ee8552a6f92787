internal import ComputeMessages
internal import StatorObjects

extension Directive {
    /// One step of an operation with every object that the step needs.
    init(of record: OperationRecord, instance: InstanceRecord) {
        self.init()
        operationId = record.uuid
        kind = record.kind
        attempt = record.attempt
        deadline = record.deadline
        var message = instance.message
        // An older host that can't be told the user data can still stop or delete the guest.
        message.userData = record.kind.startsGuest ? instance.userData : nil
        self.instance = message
    }
}

extension OperationKind {
    /// Whether a hypervisor process is begun by it, which takes everything that the guest is given.
    fileprivate var startsGuest: Bool {
        switch self {
        case .create, .start, .rebootHard: true
        case .delete, .stop, .reboot, .unspecified: false
        }
    }
}
