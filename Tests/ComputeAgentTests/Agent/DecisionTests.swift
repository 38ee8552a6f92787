import ComputeAgent
import ComputeMessages
import StatorObjects
import StatorWire
import Testing

@Suite struct DirectiveDecisionTests {
    private let operation = ObjectID.random()
    private let report: Report = {
        var report = Report()
        report.outcome = .succeeded
        return report
    }()

    private func record(
        _ outcome: RecordedOperation.Outcome?, sequence: UInt64? = nil, isDeleted: Bool = false, isBuilt: Bool = false
    ) -> InstanceRecord {
        var record = InstanceRecord(id: .random(), instance: nil)
        record.operations = [RecordedOperation(id: operation, kind: .create, outcome: outcome, sequence: sequence)]
        if isDeleted { record.deletedAt = Timestamp.now() }
        if isBuilt { record.launchedAt = Timestamp.now() }
        return record
    }

    private func decide(_ kind: OperationKind, _ record: InstanceRecord?, isRepeat: Bool) -> DirectiveDecision {
        DirectiveDecision.decide(kind, isRepeat ? operation : .random(), record: record, acknowledged: 10)
    }

    @Test func `a repeat of what is pending is not carried out twice`() {
        #expect(decide(.create, record(nil), isRepeat: true) == .alreadyTaken)
    }

    @Test func `a repeat of what was reported waits for the report, unless that was acknowledged`() {
        #expect(decide(.create, record(.reported(report)), isRepeat: true) == .alreadyTaken)
        #expect(decide(.create, record(.reported(report), sequence: 11), isRepeat: true) == .alreadyTaken)
        #expect(decide(.create, record(.reported(report), sequence: 10), isRepeat: true) == .reportAgain(report))
    }

    @Test func `a build that a delete superseded is told to have failed once the delete is done`() {
        #expect(decide(.create, record(.superseded), isRepeat: true) == .alreadyTaken)
        let decision = decide(.create, record(.superseded, isDeleted: true), isRepeat: true)
        guard case .answer(.failed, .some) = decision else {
            Issue.record("\(decision)")
            return
        }
    }

    @Test func `behind a pending delete everything but a delete is answered as failed`() {
        var deleting = record(.superseded, isBuilt: true)
        deleting.operations.append(RecordedOperation(id: .random(), kind: .delete))
        for kind in [OperationKind.create, .start, .stop, .reboot, .rebootHard] {
            #expect(
                decide(kind, deleting, isRepeat: false) == .answer(.failed, "the instance is being deleted"), "\(kind)")
        }
        #expect(decide(.delete, deleting, isRepeat: false) == .accept)
        #expect(decide(.create, deleting, isRepeat: true) == .alreadyTaken)
    }

    @Test func `what a delete superseded is answered although the delete failed`() {
        var survived = record(.superseded, isBuilt: true)
        survived.operations[0] = RecordedOperation(id: operation, kind: .reboot, outcome: .superseded)
        guard case .answer(.failed, .some) = decide(.reboot, survived, isRepeat: true) else {
            Issue.record("left pending")
            return
        }
        survived.operations[0] = RecordedOperation(id: operation, kind: .delete, outcome: .superseded)
        survived.deletedAt = Timestamp.now()
        #expect(decide(.delete, survived, isRepeat: true) == .answer(.succeeded, nil))
    }

    @Test func `a deleted instance is never built again`() {
        let tombstone = record(.reported(report), sequence: 1, isDeleted: true)
        guard case .answer(.failed, .some) = decide(.create, tombstone, isRepeat: false) else {
            Issue.record("built again")
            return
        }
        #expect(decide(.delete, tombstone, isRepeat: false) == .answer(.succeeded, nil))
        guard case .refuse(.notFound, _) = decide(.start, tombstone, isRepeat: false) else {
            Issue.record("started")
            return
        }
    }

    @Test func `an instance that is not known is built or deleted, and nothing else`() {
        #expect(decide(.create, nil, isRepeat: false) == .accept)
        #expect(decide(.delete, nil, isRepeat: false) == .accept)
        for kind in [OperationKind.start, .stop, .reboot, .rebootHard] {
            guard case .refuse(.notFound, _) = decide(kind, nil, isRepeat: false) else {
                Issue.record("\(kind) was accepted")
                continue
            }
        }
    }

    @Test func `a guest that is there is never built over`() {
        guard case .refuse(.alreadyExists, _) = decide(.create, record(nil, isBuilt: true), isRepeat: false) else {
            Issue.record("built over")
            return
        }
        #expect(decide(.create, record(.reported(report), sequence: 1), isRepeat: false) == .accept)
        #expect(decide(.stop, record(nil, isBuilt: true), isRepeat: false) == .accept)
    }
}

@Suite struct RecoveryDecisionTests {
    struct Case: Sendable {
        var kind: OperationKind
        var isBegun = false
        var powerState: PowerState?
        var decision: RecoveryDecision
    }

    @Test(arguments: [
        Case(kind: .create, powerState: .running, decision: .succeeded),
        Case(kind: .create, powerState: .shutdown, decision: .buildAgain),
        Case(kind: .create, powerState: .pending, decision: .buildAgain),
        Case(kind: .create, powerState: .crashed, decision: .buildAgain),
        Case(kind: .create, powerState: nil, decision: .buildAgain),
        Case(kind: .delete, powerState: .running, decision: .carryOut),
        Case(kind: .delete, powerState: nil, decision: .carryOut),
        Case(kind: .start, powerState: .shutdown, decision: .carryOut),
        Case(kind: .stop, powerState: .running, decision: .carryOut),
        Case(kind: .reboot, powerState: .running, decision: .carryOut),
        Case(kind: .reboot, isBegun: true, powerState: .running, decision: .reset),
        Case(kind: .reboot, isBegun: true, powerState: .shutdown, decision: .reset),
        Case(kind: .rebootHard, powerState: .running, decision: .carryOut),
        Case(kind: .rebootHard, isBegun: true, powerState: .running, decision: .reset),
        Case(kind: .rebootHard, isBegun: true, powerState: .shutdown, decision: .reset),
    ])
    func `a pending operation is carried on`(_ example: Case) {
        let decision = RecoveryDecision.decide(
            example.kind, isBegun: example.isBegun, powerState: example.powerState)
        #expect(decision == example.decision)
    }
}

@Suite struct ReconciliationTests {
    private func listed(_ vmState: VMState, _ powerState: PowerState, _ taskState: TaskState = .none) -> Instance {
        var instance = Instance()
        instance.vmState = vmState
        instance.powerState = powerState
        instance.taskState = taskState
        return instance
    }

    @Test func `an active instance whose guest is gone or off is reported`() {
        let active = listed(.active, .running)
        #expect(Reconciliation.decide(listed: active, local: nil, isBusy: false) == .reportObserved)
        #expect(Reconciliation.decide(listed: active, local: .shutdown, isBusy: false) == .reportObserved)
        #expect(Reconciliation.decide(listed: active, local: .crashed, isBusy: false) == .reportObserved)
        #expect(Reconciliation.decide(listed: active, local: .running, isBusy: false) == .nothing)
        for state in [PowerState.shutdown, .crashed] {
            #expect(
                Reconciliation.decide(listed: listed(.active, state), local: state, isBusy: false) == .reportObserved)
            #expect(Reconciliation.decide(listed: listed(.active, state), local: state, isBusy: true) == .nothing)
        }
    }

    @Test func `a stopped instance whose guest runs is reported, and how it stopped is not`() {
        #expect(
            Reconciliation.decide(listed: listed(.stopped, .shutdown), local: .running, isBusy: false)
                == .reportObserved)
        #expect(Reconciliation.decide(listed: listed(.stopped, .crashed), local: .shutdown, isBusy: false) == .nothing)
        #expect(Reconciliation.decide(listed: listed(.stopped, .shutdown), local: nil, isBusy: false) == .nothing)
    }

    @Test func `nothing is said while an operation says it`() {
        #expect(Reconciliation.decide(listed: listed(.active, .running), local: nil, isBusy: true) == .nothing)
        #expect(
            Reconciliation.decide(listed: listed(.active, .running, .deleting), local: nil, isBusy: false) == .nothing)
        #expect(
            Reconciliation.decide(listed: listed(.building, .pending, .spawning), local: nil, isBusy: false) == .nothing
        )
    }

    @Test func `a guest that is not listed is only warned of`() {
        #expect(Reconciliation.decide(listed: nil, local: .running, isBusy: false) == .warnUnlisted)
        #expect(Reconciliation.decide(listed: nil, local: .shutdown, isBusy: false) == .warnUnlisted)
        #expect(Reconciliation.decide(listed: nil, local: nil, isBusy: false) == .nothing)
        #expect(Reconciliation.decide(listed: nil, local: .running, isBusy: true) == .nothing)
    }
}
