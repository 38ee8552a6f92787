internal import Foundation

/// One line of the result: medians over the rounds. A row is of calls, of idle connections or of handshakes, and has the
/// keys of its kind only.
package struct Row: Codable, Equatable, Sendable {
    package var implementation: String

    package var message: String?
    package var connections: Int?
    package var inFlight: Int?
    package var callsPerSecond: Double?
    package var p50Microseconds: Double?
    package var p99Microseconds: Double?
    package var serverCPUMicrosecondsPerCall: Double?
    package var clientCPUMicrosecondsPerCall: Double?

    package var idleConnections: Int?
    package var serverBytesPerConnection: Double?

    package var fullHandshakesPerSecond: Double?
    package var resumedHandshakesPerSecond: Double?
    package var fullServerCPUMicrosecondsPerHandshake: Double?
    package var resumedServerCPUMicrosecondsPerHandshake: Double?

    package init(_ implementation: Implementation.Name) {
        self.implementation = implementation.rawValue
    }

    enum CodingKeys: String, CodingKey {
        case implementation
        case message
        case connections
        case inFlight = "in_flight"
        case callsPerSecond = "calls_per_second"
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case serverCPUMicrosecondsPerCall = "server_cpu_us_per_call"
        case clientCPUMicrosecondsPerCall = "client_cpu_us_per_call"
        case idleConnections = "idle_connections"
        case serverBytesPerConnection = "server_bytes_per_connection"
        case fullHandshakesPerSecond = "full_handshakes_per_second"
        case resumedHandshakesPerSecond = "resumed_handshakes_per_second"
        case fullServerCPUMicrosecondsPerHandshake = "full_server_cpu_us_per_handshake"
        case resumedServerCPUMicrosecondsPerHandshake = "resumed_server_cpu_us_per_handshake"
    }

    /// Calls: the medians of several measurements of the same.
    package init(_ implementation: Implementation.Name, _ workload: Workload, _ style: Style, _ figures: [PeerFigures])
    {
        self.init(implementation)
        message = Self.messageName(workload.message, style)
        connections = workload.connections
        inFlight = workload.inFlight
        callsPerSecond = median(figures.map(\.callsPerSecond))?.rounded()
        p50Microseconds = median(figures.map(\.p50Microseconds))?.rounded(places: 1)
        p99Microseconds = median(figures.map(\.p99Microseconds))?.rounded(places: 1)
        serverCPUMicrosecondsPerCall = median(figures.map(\.serverCPUMicrosecondsPerCall))?.rounded(places: 3)
        clientCPUMicrosecondsPerCall = median(figures.map(\.clientCPUMicrosecondsPerCall))?.rounded(places: 3)
    }

    /// Stator's other ways have names of their own, so that message, connections and calls in flight name one row.
    package static func messageName(_ message: Workload.Message, _ style: Style) -> String {
        style == .plain ? message.rawValue : "\(message.rawValue), \(style.rawValue)"
    }
}

/// The middle one, or between the two in the middle; nil of none.
package func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

extension Double {
    func rounded(places: Int) -> Double {
        let factor = pow(10, Double(places))
        return (self * factor).rounded() / factor
    }
}
