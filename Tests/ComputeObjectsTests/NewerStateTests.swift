import ComputeMessages
import ComputeObjects
import StatorObjects
import Testing

@Suite("States of a newer release")
struct NewerStateTests {
    private let paused = StateNumber<VMState>(106)
    private let pausing = StateNumber<TaskState>(108)

    @Test func `a number that is not known is shown as such`() {
        #expect(paused.description == "unknown (106)")
        #expect(paused.state == nil)
        #expect(StateNumber(VMState.active).description == "active")
    }

    @Test func `messages say unspecified, or nothing where there is no such value`() {
        #expect(paused.sayable == .unspecified)
        #expect(pausing.sayable == nil)
        #expect(StateNumber(TaskState.deleting).sayable == .deleting)
    }

    @Test(arguments: OperationRule.all.filter { $0.kind != .create })
    func `only delete is possible in a newer release's states`(rule: OperationRule) {
        let stable = rule.refusal(
            name: "web", vmState: paused, taskState: StateNumber(TaskState.none), hasHost: true)
        let busy = rule.refusal(
            name: "web", vmState: StateNumber(VMState.active), taskState: pausing, hasHost: true)
        if rule.kind == .delete {
            #expect(stable == nil)
            #expect(busy == nil)
        } else {
            #expect(stable?.message.contains("server 'web' is unknown (106)") == true)
            #expect(busy?.message == "server 'web' is busy (unknown (108)); try again when that has ended")
        }
    }
}
