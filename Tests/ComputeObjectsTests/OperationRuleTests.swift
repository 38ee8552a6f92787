import ComputeMessages
import ComputeObjects
import StatorObjects
import Testing

@Suite struct OperationRuleTests {
    /// Every vm_state in which an idle, placed instance takes the operation; the table is the contract.
    static let allowed: [(OperationKind, [VMState])] = [
        (.delete, [.building, .active, .stopped, .error, .paused]),
        (.start, [.stopped]),
        (.stop, [.active, .error]),
        (.reboot, [.active]),
        (.rebootHard, [.active, .stopped, .error, .paused]),
        (.pause, [.active]),
        (.unpause, [.paused]),
    ]

    @Test(arguments: allowed)
    func `an idle instance takes an operation in the states of its table and in no other`(
        kind: OperationKind, states: [VMState]
    ) throws {
        let rule = try #require(kind.rule)
        for state in VMState.allCases {
            let refusal = rule.refusal(name: "web", vmState: state, taskState: TaskState.none, hasHost: true)
            #expect((refusal == nil) == states.contains(state), "\(kind) in \(state)")
        }
    }

    @Test(arguments: [OperationKind.start, .stop, .reboot, .rebootHard, .pause, .unpause])
    func `an instance that is busy takes nothing but a delete`(kind: OperationKind) throws {
        let rule = try #require(kind.rule)
        for task in TaskState.allCases where task != TaskState.none {
            let refusal = try #require(
                rule.refusal(name: "web", vmState: .active, taskState: task, hasHost: true))
            #expect(refusal.code == (task == .deleting ? .deleting : .busy))
        }
    }

    @Test func `a delete is possible during every task but a delete`() {
        for task in TaskState.allCases {
            let refusal = OperationRule.delete.refusal(
                name: "web", vmState: .building, taskState: task, hasHost: false)
            #expect((refusal == nil) == (task != .deleting), "\(task)")
        }
    }

    @Test func `only a delete needs no host`() {
        for rule in OperationRule.all where !rule.vmStates.isEmpty {
            let refusal = rule.refusal(
                name: "web", vmState: rule.vmStates.first ?? .active, taskState: TaskState.none, hasHost: false)
            #expect((refusal?.code == .noHost) == (rule.kind != .delete))
        }
    }

    @Test func `each refusal is a sentence that says what would help`() {
        let stop = OperationRule.stop
        #expect(
            stop.refusal(name: "web", vmState: .stopped, taskState: TaskState.none, hasHost: true)?.message
                == "server 'web' is stopped; stop is possible when it is active or error")
        #expect(
            stop.refusal(name: "web", vmState: .active, taskState: .rebootingHard, hasHost: true)?.message
                == "server 'web' is busy (rebooting_hard); try again when that has ended")
        #expect(
            stop.refusal(name: "web", vmState: .deleted, taskState: TaskState.none, hasHost: true)?.message
                == "server 'web' is deleted")
        #expect(
            stop.refusal(name: "web", vmState: .error, taskState: TaskState.none, hasHost: false)?.message
                == "server 'web' was never placed on a host, so it can only be deleted")
    }

    @Test func `an instance's own fields are what the rule looks at`() {
        var instance = Instance()
        instance.displayName = "web"
        instance.vmState = .active
        #expect(OperationRule.stop.refusal(for: instance)?.code == .noHost)
        instance.hostId = ObjectID.random()
        #expect(OperationRule.stop.refusal(for: instance) == nil)
        instance.taskState = .poweringOff
        #expect(OperationRule.stop.refusal(for: instance)?.code == .busy)
    }

    @Test func `each kind has its rule and each rule a task state of its own`() {
        for kind in OperationKind.allCases where kind != .unspecified {
            #expect(kind.rule?.kind == kind)
        }
        #expect(OperationKind.unspecified.rule == nil)
        #expect(Set(OperationRule.all.map(\.taskState)).count == OperationRule.all.count)
    }

    @Test func `three states are final`() {
        #expect(OperationState.allCases.filter(\.isFinal) == [.succeeded, .failed, .cancelled])
    }
}
