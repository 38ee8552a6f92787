internal import ComputeMessages
internal import Synchronization

/// Shows on standard error how an operation goes; may be told from any task.
final class ProgressDisplay: Sendable {
    private let line: Mutex<ProgressLine>
    private let begin = ContinuousClock.now

    init(_ operation: Operation) {
        line = Mutex(ProgressLine(isTerminal: StandardError.isTerminal, width: StandardError.width))
        show(operation)
    }

    func show(_ operation: Operation) {
        let text = Phrase.progress(of: operation)
        line.withLock { StandardError.write($0.update(text, elapsedSeconds: elapsedSeconds)) }
    }

    func tick() {
        line.withLock { StandardError.write($0.tick(elapsedSeconds: elapsedSeconds)) }
    }

    func finish() {
        line.withLock { StandardError.write($0.finish()) }
    }

    private var elapsedSeconds: Int {
        Int(begin.duration(to: ContinuousClock.now).components.seconds)
    }
}
