/// What is asked of a server in one measurement.
package struct Workload: Hashable, Sendable {
    package enum Message: String, Sendable { case ping, instance }

    package var message: Message
    package var connections: Int
    package var inFlight: Int

    package init(_ message: Message, connections: Int, inFlight: Int) {
        self.message = message
        self.connections = connections
        self.inFlight = inFlight
    }

    package var shape: String { "\(connections) × \(inFlight)" }

    /// Those that every implementation carries out.
    package static let all: [Workload] = [Message.ping, .instance].flatMap { message in
        [(1, 1), (1, 64), (8, 32)].map { Workload(message, connections: $0.0, inFlight: $0.1) }
    }

    package var isLoaded: Bool { inFlight > 1 }
}

/// Which way of Stator's two a handler or a client is written; the other implementations have one.
package enum Style: String, Hashable, Sendable {
    /// A handler that answers at once, a client with completions.
    case plain
    /// A handler that suspends once.
    case asyncHandler = "async handler"
    /// A client whose tasks await their calls.
    case asyncClient = "async client"

    var clientArguments: [String] {
        switch self {
        case .plain: []
        case .asyncHandler: ["--handler", "suspending"]
        case .asyncClient: ["--style", "tasks"]
        }
    }
}
