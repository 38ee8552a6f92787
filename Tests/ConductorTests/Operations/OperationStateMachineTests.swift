import ComputeMessages
import Conductor
import StatorObjects
import StatorWire
import Testing

@Suite struct OperationStateMachineTests {
    static let start = Timestamp(microsecondsSinceEpoch: 1_000_000_000)
    static let deadline = start.advanced(by: .seconds(600))
    static let late = start.advanced(by: .seconds(601))
    static let hostID = ObjectID(high: 1, low: 1)
    static let host = HostCandidate(
        id: hostID, name: "host1", generation: 7,
        capacity: ResourceClaim(vcpus: 4, memoryMB: 4096, diskGB: 100),
        used: ResourceClaim(vcpus: 0, memoryMB: 0, diskGB: 0), images: [])
    static let hostKinds: [OperationKind] = [.delete, .start, .stop, .reboot, .rebootHard]

    static func view(
        _ kind: OperationKind, _ step: OperationStep, wasDirected: Bool = false, host: ObjectID? = nil,
        isHostUp: Bool = true
    ) -> OperationView {
        OperationView(
            kind: kind, step: step, deadline: deadline, wasDirected: wasDirected, hostID: host, isHostUp: isHostUp)
    }

    // MARK: Taking up

    @Test func `a new create chooses a host, claims it, sends the directive and awaits the report`() throws {
        var machine = OperationStateMachine()
        #expect(try machine.taken(Self.view(.create, .schedule), now: Self.start) == .chooseHost)
        #expect(try machine.placed(.host(Self.host), now: Self.start) == .claim(Self.host))
        #expect(try machine.claimed(.claimed) == .sendDirective)
        #expect(try machine.directive(.accepted, now: Self.start) == .awaitReport)
        #expect(machine.isAwaitingReport == true)
    }

    @Test func `a newer release's kind is left alone`() throws {
        var machine = OperationStateMachine()
        let view = Self.view(.unspecified, .direct, host: Self.hostID)
        #expect(try machine.taken(view, now: Self.start) == .stop)
        #expect(machine.isOver == true)
    }

    @Test(arguments: hostKinds)
    func `an operation on a placed instance is sent to its host`(kind: OperationKind) throws {
        var machine = OperationStateMachine()
        #expect(try machine.taken(Self.view(kind, .direct, host: Self.hostID), now: Self.start) == .sendDirective)
        #expect(try machine.directive(.accepted, now: Self.start) == .awaitReport)
    }

    @Test func `a create that another conductor had placed goes on with the directive`() throws {
        var machine = OperationStateMachine()
        let view = Self.view(.create, .direct, host: Self.hostID)
        #expect(try machine.taken(view, now: Self.start) == .sendDirective)
    }

    @Test func `an operation that awaits its report is directed again, and a host that has it keeps it waiting`() throws
    {
        var machine = OperationStateMachine()
        let view = Self.view(.create, .awaitReport, wasDirected: true, host: Self.hostID)
        #expect(try machine.taken(view, now: Self.start) == .sendDirective)
        #expect(try machine.directive(.alreadyKnown, now: Self.start) == .awaitReport)
    }

    @Test func `a delete of what is on no host is done at once`() throws {
        var machine = OperationStateMachine()
        #expect(try machine.taken(Self.view(.delete, .direct), now: Self.late) == .finish(.succeeded))
        #expect(machine.isOver == true)
    }

    @Test(arguments: [OperationKind.start, .stop, .reboot, .rebootHard])
    func `what needs a guest fails when the instance is on no host`(kind: OperationKind) throws {
        var machine = OperationStateMachine()
        let failure = OperationFailure(.failedPrecondition, "the instance is on no host")
        #expect(try machine.taken(Self.view(kind, .direct), now: Self.start) == .finish(.failed(failure)))
    }

    @Test func `an operation that is done needs nothing`() throws {
        var machine = OperationStateMachine()
        #expect(try machine.taken(Self.view(.create, .done), now: Self.start) == .stop)
    }

    // MARK: Placement

    @Test func `a create that no host can take fails with the reason`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .schedule), now: Self.start)
        let failure = OperationFailure(.resourceExhausted, "no room")
        #expect(try machine.placed(.none("no room"), now: Self.start) == .finish(.failed(failure)))
        #expect(machine.isOver == true)
    }

    @Test func `a create whose host is expected back is let go, until its deadline`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .schedule), now: Self.start)
        #expect(try machine.placed(.later("host1 is away"), now: Self.start) == .letGo)
        var overdue = OperationStateMachine()
        _ = try overdue.taken(Self.view(.create, .schedule), now: Self.start)
        let failure = OperationFailure(.resourceExhausted, "host1 is away")
        #expect(try overdue.placed(.later("host1 is away"), now: Self.late) == .finish(.failed(failure)))
    }

    @Test func `a host that changed is chosen among anew, and after many lost claims the operation is let go`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .schedule), now: Self.start)
        for _ in 1..<OperationStateMachine.lostClaimsMax {
            _ = try machine.placed(.host(Self.host), now: Self.start)
            #expect(try machine.claimed(.hostChanged) == .chooseHost)
        }
        _ = try machine.placed(.host(Self.host), now: Self.start)
        #expect(try machine.claimed(.hostChanged) == .letGo)
        #expect(machine.isOver == true)
    }

    @Test func `a delete that comes between choice and claim stops the create`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .schedule), now: Self.start)
        _ = try machine.placed(.host(Self.host), now: Self.start)
        #expect(try machine.claimed(.superseded) == .stop)
        #expect(machine.isOver == true)
    }

    // MARK: The directive

    @Test func `a host that refuses a first directive has nothing, so the failure leaves nothing`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .direct, host: Self.hostID), now: Self.start)
        let failure = OperationFailure(.failedPrecondition, "no such image", guestMayExist: false)
        #expect(
            try machine.directive(.refused(code: .failedPrecondition, message: "no such image"), now: Self.start)
                == .finish(.failed(failure)))
    }

    @Test func `a refusal after an unanswered directive leaves the claim, for a guest may exist`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .direct, wasDirected: true, host: Self.hostID), now: Self.start)
        let failure = OperationFailure(.invalidArgument, "no", guestMayExist: true)
        #expect(
            try machine.directive(.refused(code: .invalidArgument, message: "no"), now: Self.start)
                == .finish(.failed(failure)))
    }

    @Test func `a directive that is not answered gives the operation back, so that what happened meanwhile is seen`()
        throws
    {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.create, .direct, host: Self.hostID), now: Self.start)
        #expect(try machine.directive(.unanswered, now: Self.start) == .retry)
        #expect(machine.isOver == true)
    }

    @Test func `each unanswered directive rests longer, up to ten seconds`() {
        let pauses = [0, 1, 2, 3, 4, 5, 6, 100, UInt32.max].map { OperationEngine.directivePause(attempt: $0) }
        #expect(pauses == [1, 1, 2, 4, 8, 10, 10, 10, 10].map { .seconds($0) })
    }

    @Test func `a create whose host went away before it was told goes to another host`() throws {
        var machine = OperationStateMachine()
        let away = Self.view(.create, .direct, host: Self.hostID, isHostUp: false)
        #expect(try machine.taken(away, now: Self.start) == .leaveHost)
        #expect(try machine.placed(.host(Self.host), now: Self.start) == .claim(Self.host))
        var told = OperationStateMachine()
        let directed = Self.view(.create, .direct, wasDirected: true, host: Self.hostID, isHostUp: false)
        #expect(try told.taken(directed, now: Self.start) == .sendDirective)
    }

    @Test(arguments: hostKinds)
    func `what is on a host stays with it while it is away`(kind: OperationKind) throws {
        var machine = OperationStateMachine()
        let away = Self.view(kind, .direct, host: Self.hostID, isHostUp: false)
        #expect(try machine.taken(away, now: Self.start) == .sendDirective)
    }

    @Test func `a host that is not attached here keeps the operation at its step for whoever it attaches to`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.stop, .direct, host: Self.hostID), now: Self.start)
        #expect(try machine.directive(.unattached, now: Self.start) == .letGo)
        #expect(machine.isOver == true)
    }

    // MARK: Deadlines

    @Test(arguments: [OperationStep.schedule, .direct])
    func `a create that no host knows of fails at its deadline`(step: OperationStep) throws {
        var machine = OperationStateMachine()
        let view = Self.view(.create, step, host: step == .direct ? Self.hostID : nil)
        guard case .finish(.failed(let failure)) = try machine.taken(view, now: Self.deadline) else {
            Issue.record("the operation goes on after its deadline")
            return
        }
        #expect(failure.code == .deadlineExceeded)
        #expect(!failure.guestMayExist)
    }

    @Test(arguments: [OperationStep.direct, .awaitReport])
    func `what a host may have is not given up at its deadline`(step: OperationStep) throws {
        var machine = OperationStateMachine()
        let view = Self.view(.create, step, wasDirected: true, host: Self.hostID)
        #expect(try machine.taken(view, now: Self.late) == .sendDirective)
        #expect(try machine.directive(.unattached, now: Self.late) == .letGo)
        var unanswered = OperationStateMachine()
        _ = try unanswered.taken(view, now: Self.late)
        #expect(try unanswered.directive(.unanswered, now: Self.late) == .retry)
    }

    @Test func `a host that goes away before anything was sent fails an overdue operation`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.start, .direct, host: Self.hostID), now: Self.start)
        guard case .finish(.failed(let failure)) = try machine.directive(.unattached, now: Self.late) else {
            Issue.record("the operation goes on after its deadline")
            return
        }
        #expect(failure.code == .deadlineExceeded)
    }

    // MARK: Waiting

    @Test func `while its report is awaited, a host that moves lets the operation go`() throws {
        var machine = OperationStateMachine()
        _ = try machine.taken(Self.view(.stop, .direct, host: Self.hostID), now: Self.start)
        #expect(machine.hostMoved() == .ignore)
        _ = try machine.directive(.accepted, now: Self.start)
        #expect(machine.hostMoved() == .letGo)
        #expect(machine.hostMoved() == .ignore)
    }

    @Test func `what was superseded is over in every state`() throws {
        var machine = OperationStateMachine()
        machine.superseded()
        #expect(machine.isOver == true)
        #expect(machine.hostMoved() == .ignore)
    }

    @Test func `events out of order are our own mistakes and are thrown`() throws {
        var machine = OperationStateMachine()
        #expect(throws: ImpossibleTransition.self) { try machine.placed(.none(""), now: Self.start) }
        #expect(throws: ImpossibleTransition.self) { try machine.claimed(.claimed) }
        #expect(throws: ImpossibleTransition.self) { try machine.directive(.accepted, now: Self.start) }
        _ = try machine.taken(Self.view(.create, .schedule), now: Self.start)
        #expect(throws: ImpossibleTransition.self) {
            try machine.taken(Self.view(.create, .schedule), now: Self.start)
        }
    }
}
