import ComputeMessages
import ComputeObjects
import Conductor
import StatorObjects
import StatorWire
import Testing

@Suite struct InstanceTransitionTests {
    static let now = Timestamp(microsecondsSinceEpoch: 5_000_000)
    static let failure = OperationFailure(.internal, "qemu exited with status 1")
    static let unsure = OperationFailure(.invalidArgument, "refused", guestMayExist: true)

    static func ended(
        _ kind: OperationKind, _ end: OperationEnd, from vmState: VMState, power: PowerState? = nil
    ) -> InstanceTransition {
        .ended(kind, end, from: vmState, observed: HostObservation(powerState: power), now: now)
    }

    @Test(arguments: OperationRule.all)
    func `success leads to the states of the rule and leaves the instance idle`(rule: OperationRule) {
        let transition = Self.ended(rule.kind, .succeeded, from: .building, power: rule.powerState)
        #expect(transition.vmState == rule.vmState)
        #expect(transition.taskState == TaskState.none)
        #expect(transition.powerState == rule.powerState ?? .pending)
        #expect(transition.fault == nil)
        #expect(transition.clearsFault)
    }

    @Test func `only a delete frees what was claimed when it succeeds, and only a create when it fails`() {
        for rule in OperationRule.all {
            let succeeded = Self.ended(rule.kind, .succeeded, from: .active)
            #expect(succeeded.releasesClaim == (rule.kind == .delete))
            let failed = Self.ended(rule.kind, .failed(Self.failure), from: .active)
            #expect(failed.releasesClaim == (rule.kind == .create))
            #expect(failed.clearsHost == (rule.kind == .create))
        }
    }

    @Test(arguments: OperationRule.all)
    func `failure leaves the instance idle with the fault`(rule: OperationRule) {
        let transition = Self.ended(rule.kind, .failed(Self.failure), from: .active)
        #expect(transition.taskState == TaskState.none)
        #expect(transition.fault == Self.failure)
    }

    @Test func `a create sets when the guest was launched, a delete when it ended`() {
        #expect(Self.ended(.create, .succeeded, from: .building).launchedAt == Self.now)
        #expect(Self.ended(.delete, .succeeded, from: .active).terminatedAt == Self.now)
        #expect(Self.ended(.start, .succeeded, from: .stopped).launchedAt == nil)
    }

    @Test func `a failed create is an error`() {
        #expect(Self.ended(.create, .failed(Self.failure), from: .building).vmState == .error)
    }

    @Test func `a failed create whose guest may exist keeps its claim and its host`() {
        let transition = Self.ended(.create, .failed(Self.unsure), from: .building)
        #expect(transition.vmState == .error)
        #expect(!transition.releasesClaim)
        #expect(!transition.clearsHost)
    }

    @Test func `a failed delete is an error, to be deleted again`() {
        #expect(Self.ended(.delete, .failed(Self.failure), from: .active).vmState == .error)
    }

    @Test(arguments: [(OperationKind.start, VMState.stopped), (.stop, .active), (.reboot, .active)])
    func `a failed power action leaves the instance as it was`(kind: OperationKind, vmState: VMState) {
        #expect(Self.ended(kind, .failed(Self.failure), from: vmState).vmState == nil)
    }

    @Test(arguments: [OperationKind.reboot, .rebootHard])
    func `a reboot that left the guest down is an error`(kind: OperationKind) {
        #expect(Self.ended(kind, .failed(Self.failure), from: .active, power: .shutdown).vmState == .error)
        #expect(Self.ended(kind, .failed(Self.failure), from: .active, power: .running).vmState == nil)
    }

    @Test(arguments: [PowerState.shutdown, .crashed])
    func `an idle active guest that went down by itself is stopped`(power: PowerState) {
        let transition = InstanceTransition.observed(
            HostObservation(powerState: power), vmState: .active, taskState: TaskState.none)
        #expect(transition.vmState == .stopped)
        #expect(transition.powerState == power)
        #expect(transition.taskState == nil)
    }

    @Test(arguments: [TaskState.poweringOff, .rebooting, .deleting, .spawning])
    func `while an operation is under way only the power state is noted`(taskState: TaskState) {
        let transition = InstanceTransition.observed(
            HostObservation(powerState: .shutdown), vmState: .active, taskState: taskState)
        #expect(transition.vmState == nil)
        #expect(transition.powerState == .shutdown)
    }

    @Test(arguments: [OperationKind.stop, .reboot, .rebootHard], [PowerState.shutdown, .crashed])
    func `a guest that went down while an operation failed unheard is stopped`(kind: OperationKind, power: PowerState) {
        let transition = InstanceTransition.endedUnobserved(
            kind, .failed(Self.failure), from: .active, powerState: power, now: Self.now)
        #expect(transition.vmState == .stopped)
        #expect(transition.taskState == TaskState.none)
        #expect(transition.fault == Self.failure)
    }

    @Test func `an operation that failed unheard leaves a running guest active, and a failed build an error`() {
        let stop = InstanceTransition.endedUnobserved(
            .stop, .failed(Self.failure), from: .active, powerState: .running, now: Self.now)
        #expect(stop.vmState == nil)
        let create = InstanceTransition.endedUnobserved(
            .create, .failed(Self.failure), from: .building, powerState: .pending, now: Self.now)
        #expect(create.vmState == .error)
    }

    @Test func `a deleted instance is not observed any more`() {
        let transition = InstanceTransition.observed(
            HostObservation(powerState: .running), vmState: .deleted, taskState: TaskState.none)
        #expect(transition.isEmpty)
    }
}
