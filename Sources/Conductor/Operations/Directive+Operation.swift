internal import ComputeMessages
internal import ComputeObjects
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
        // An older host that can't be told the user data or the CPU model can still stop or delete the guest.
        message.userData = record.kind.startsGuest ? instance.userData : nil
        message.cpuModel = record.kind.startsGuest ? instance.cpuModel : nil
        self.instance = message
    }

    /// As the host that builds the instance will be sent it, for asking whether one can be.
    init(creating instance: InstanceRecord) {
        self.init()
        operationId = instance.uuid
        kind = .create
        attempt = 1
        deadline = instance.createdAt
        var message = instance.message
        message.userData = instance.userData
        message.cpuModel = instance.cpuModel
        self.instance = message
    }
}
