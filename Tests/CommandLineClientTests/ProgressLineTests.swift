import CommandLineClient
import ComputeMessages
import StatorObjects
import Testing

@Suite struct ProgressLineTests {
    @Test func `on a terminal one line is rewritten and taken away`() {
        var line = ProgressLine(isTerminal: true)
        #expect(line.update("create 'web': queued", elapsedSeconds: 0) == "\r\u{1B}[Kcreate 'web': queued (0 s)")
        #expect(line.tick(elapsedSeconds: 0).isEmpty)
        #expect(line.tick(elapsedSeconds: 1) == "\r\u{1B}[Kcreate 'web': queued (1 s)")
        #expect(line.update("create 'web': done", elapsedSeconds: 2) == "\r\u{1B}[Kcreate 'web': done (2 s)")
        #expect(line.finish() == "\r\u{1B}[K")
        #expect(line.finish().isEmpty)
        #expect(line.tick(elapsedSeconds: 3).isEmpty)
    }

    @Test func `elsewhere each change is a line without control characters`() {
        var line = ProgressLine(isTerminal: false)
        #expect(line.update("create 'web': queued", elapsedSeconds: 0) == "create 'web': queued\n")
        #expect(line.update("create 'web': queued", elapsedSeconds: 1).isEmpty)
        #expect(line.tick(elapsedSeconds: 2).isEmpty)
        #expect(line.update("create 'web': done", elapsedSeconds: 3) == "create 'web': done\n")
        #expect(line.finish().isEmpty)
    }

    @Test func `a line that does not fit is cut, its time stays`() {
        var line = ProgressLine(isTerminal: true, width: 20)
        #expect(line.update("create 'a-long-name': queued", elapsedSeconds: 5) == "\r\u{1B}[Kcreate 'a-lo… (5 s)")
    }

    @Test func `a name cannot steer the terminal`() {
        var line = ProgressLine(isTerminal: false)
        #expect(line.update("create '\u{1B}[2J\n'", elapsedSeconds: 0) == "create '?[2J '\n")
    }

    @Test(arguments: [
        (OperationState.queued, OperationStep.schedule, "create 'web': queued, choosing a host"),
        (.running, .direct, "create 'web': running, telling the host"),
        (.running, .awaitReport, "create 'web': running, waiting for the host"),
        (.succeeded, .done, "create 'web': done"),
        (.failed, .done, "create 'web': failed"),
        (.cancelled, .done, "create 'web': cancelled"),
    ])
    func `an operation's progress is a phrase`(state: OperationState, step: OperationStep, text: String) {
        var operation = Operation()
        operation.kind = .create
        operation.instanceName = "web"
        operation.state = state
        operation.step = step
        #expect(Phrase.progress(of: operation) == text)
    }
}
