import ComputeMessages
import Conductor
import StatorObjects
import StatorWire
import Testing

@Suite struct ReportDecisionTests {
    static let now = Timestamp(microsecondsSinceEpoch: 5_000_000)
    static let failure = OperationFailure(.internal, "qemu exited with status 1")

    static func decide(
        _ outcome: ReportedOutcome, _ kind: OperationKind?, _ state: OperationState = .running,
        vm: VMState = .building, task: TaskState = .spawning, power: PowerState? = .running
    ) -> ReportDecision {
        .decide(
            outcome, operation: kind.map { ReportedOperation(kind: $0, state: state) }, vmState: vm,
            taskState: task, observation: HostObservation(powerState: power), now: now)
    }

    @Test func `the end of a newer release's operation makes the instance idle and leaves vm_state to that release`() {
        let succeeded = Self.decide(.succeeded, .unspecified, vm: .unspecified, power: .paused)
        var expected = InstanceTransition()
        expected.taskState = TaskState.none
        expected.powerState = .paused
        #expect(succeeded == ReportDecision(operationEnd: .succeeded, transition: expected))
        let failed = Self.decide(.failed(Self.failure), .unspecified, vm: .unspecified, power: nil)
        #expect(failed.transition.vmState == nil)
        #expect(failed.transition.fault == Self.failure)
    }

    @Test(arguments: [OperationState.queued, .running])
    func `a report ends its operation, whether a conductor holds it or not`(state: OperationState) {
        let decision = Self.decide(.succeeded, .create, state)
        #expect(decision.operationEnd == .succeeded)
        #expect(decision.transition.vmState == .active)
    }

    @Test func `a reported failure ends its operation with the fault and frees a build's claim`() {
        let decision = Self.decide(.failed(Self.failure), .create, power: nil)
        #expect(decision.operationEnd == .failed(Self.failure))
        #expect(decision.transition.releasesClaim)
        #expect(decision.transition.vmState == .error)
    }

    @Test func `a build that succeeds after its cancellation changes nothing but the power state`() {
        let decision = Self.decide(.succeeded, .create, .cancelled, task: .deleting)
        var expected = InstanceTransition()
        expected.powerState = .running
        #expect(decision == ReportDecision(operationEnd: nil, transition: expected))
    }

    @Test func `a build that fails after its cancellation leaves the claim to the delete`() {
        let decision = Self.decide(.failed(Self.failure), .create, .cancelled, task: .deleting, power: nil)
        #expect(decision == ReportDecision())
    }

    @Test func `a late report of an operation that was given up tells an idle instance the truth`() {
        let succeeded = Self.decide(.succeeded, .create, .failed, vm: .error, task: TaskState.none)
        #expect(succeeded.operationEnd == nil)
        #expect(succeeded.transition.vmState == .active)
        let failed = Self.decide(.failed(Self.failure), .create, .failed, vm: .error, task: TaskState.none)
        #expect(failed.operationEnd == nil)
        #expect(failed.transition.releasesClaim)
    }

    @Test func `a late report does not disturb an operation that is under way`() {
        let decision = Self.decide(.succeeded, .stop, .failed, vm: .active, task: .rebooting, power: .shutdown)
        #expect(decision.operationEnd == nil)
        #expect(decision.transition.vmState == nil)
        #expect(decision.transition.taskState == nil)
        #expect(decision.transition.powerState == .shutdown)
    }

    @Test func `a report of success after success changes nothing more`() {
        let decision = Self.decide(.succeeded, .stop, .succeeded, vm: .active, task: .rebooting)
        #expect(decision.operationEnd == nil)
        #expect(decision.transition.vmState == nil)
    }

    @Test func `nothing that a host says brings a deleted instance back`() {
        let decision = Self.decide(.succeeded, .create, .failed, vm: .deleted, task: TaskState.none)
        #expect(decision == ReportDecision())
    }

    @Test func `a guest that powered itself off is stopped`() {
        let decision = Self.decide(.observed, nil, vm: .active, task: TaskState.none, power: .shutdown)
        #expect(decision.operationEnd == nil)
        #expect(decision.transition.vmState == .stopped)
    }
}
