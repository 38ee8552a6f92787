import Logging
import Synchronization

/// Keeps what is logged.
final class LogRecorder: Sendable {
    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = event.metadata ?? [:]
            recorder.lines.withLock { $0.append("\(event.message) \(metadata) \(more)") }
        }
    }

    private let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "recorded", factory: { _ in Handler(recorder: self) }) }

    func count(_ text: String) -> Int { lines.withLock { lines in lines.count { $0.contains(text) } } }

    var all: [String] { lines.withLock { $0 } }
}
