/// A ratio that Stator is held to, and what it is.
package struct Requirement: Sendable {
    package enum Bound: Sendable {
        case atMost(Double)
        case atLeast(Double)
    }

    package let name: String
    package let bound: Bound
    /// Nil when one of the figures is missing.
    package let value: Double?

    package init(_ name: String, _ bound: Bound, _ value: Double?) {
        self.name = name
        self.bound = bound
        self.value = value
    }

    package var isMet: Bool? {
        value.map { value in
            switch bound {
            case .atMost(let limit): value <= limit
            case .atLeast(let limit): value >= limit
            }
        }
    }

    /// All of them, from the rows.
    package static func all(of rows: [Row]) -> [Requirement] {
        let table = RowTable(rows)
        return calls(table) + oneCallAtATime(table) + connections(table)
    }

    private static let loaded = [(1, 64), (8, 32)]

    private static func calls(_ table: RowTable) -> [Requirement] {
        loaded.flatMap { connections, inFlight in
            let instance = Workload(.instance, connections: connections, inFlight: inFlight)
            let ping = Workload(.ping, connections: connections, inFlight: inFlight)
            return [
                Requirement(
                    "instance \(instance.shape): server CPU per call, Stator / plain C", .atMost(1.3),
                    table.ratio(instance, to: .plainC, \.serverCPUMicrosecondsPerCall)),
                Requirement(
                    "instance \(instance.shape): calls/s, Stator / plain C", .atLeast(0.75),
                    table.ratio(instance, to: .plainC, \.callsPerSecond)),
                Requirement(
                    "instance \(instance.shape): calls/s, Stator / gRPC C++", .atLeast(5),
                    table.ratio(instance, to: .grpc, \.callsPerSecond)),
                Requirement(
                    "ping \(ping.shape): calls/s, Stator / plain C", .atLeast(0.5),
                    table.ratio(ping, to: .plainC, \.callsPerSecond)),
                Requirement(
                    "ping \(ping.shape): calls/s, Stator / gRPC C++", .atLeast(8),
                    table.ratio(ping, to: .grpc, \.callsPerSecond)),
                Requirement(
                    "ping \(ping.shape): µs of CPU that an async handler adds", .atMost(2),
                    table.costOfAsyncHandler(ping)),
                Requirement(
                    "instance \(instance.shape): µs of CPU that an async handler adds", .atMost(2),
                    table.costOfAsyncHandler(instance)),
            ]
        }
    }

    private static func oneCallAtATime(_ table: RowTable) -> [Requirement] {
        let instance = Workload(.instance, connections: 1, inFlight: 1)
        return [
            Requirement(
                "instance 1 × 1: p50, Stator / plain C", .atMost(1.25),
                table.ratio(instance, to: .plainC, \.p50Microseconds)),
            Requirement(
                "instance 1 × 1: p50, Stator / gRPC C++", .atMost(0.6),
                table.ratio(instance, to: .grpc, \.p50Microseconds)),
        ]
    }

    private static func connections(_ table: RowTable) -> [Requirement] {
        let idle = [1_000, 10_000].map { count in
            Requirement(
                "\(count) idle connections: KiB of server memory for each", .atMost(32),
                table.idleBytes(count).map { $0 / 1024 })
        }
        return idle + [
            Requirement(
                "full handshakes/s, Stator / plain C", .atLeast(0.85),
                table.handshakeRatio(to: .plainC, \.fullHandshakesPerSecond)),
            // The same per second of the server's processor, whatever else runs on the machine.
            Requirement(
                "server CPU of a full handshake, Stator / plain C", .atMost(1 / 0.85),
                table.handshakeRatio(to: .plainC, \.fullServerCPUMicrosecondsPerHandshake)),
        ]
    }
}

/// Looks rows up.
package struct RowTable {
    private let rows: [Row]

    package init(_ rows: [Row]) {
        self.rows = rows
    }

    func row(_ name: Implementation.Name, _ workload: Workload, _ style: Style = .plain) -> Row? {
        rows.first {
            $0.implementation == name.rawValue && $0.message == Row.messageName(workload.message, style)
                && $0.connections == workload.connections && $0.inFlight == workload.inFlight
        }
    }

    func ratio(_ workload: Workload, to other: Implementation.Name, _ key: KeyPath<Row, Double?>) -> Double? {
        quotient(row(.stator, workload)?[keyPath: key], row(other, workload)?[keyPath: key])
    }

    func costOfAsyncHandler(_ workload: Workload) -> Double? {
        guard let plain = row(.stator, workload)?.serverCPUMicrosecondsPerCall,
            let suspending = row(.stator, workload, .asyncHandler)?.serverCPUMicrosecondsPerCall
        else { return nil }
        return suspending - plain
    }

    func idleBytes(_ count: Int) -> Double? {
        rows.first { $0.implementation == Implementation.Name.stator.rawValue && $0.idleConnections == count }?
            .serverBytesPerConnection
    }

    func handshakeRatio(to other: Implementation.Name, _ key: KeyPath<Row, Double?>) -> Double? {
        let figures = [Implementation.Name.stator, other].map { name in
            rows.first { $0.implementation == name.rawValue && $0.fullHandshakesPerSecond != nil }?[keyPath: key]
        }
        return quotient(figures[0], figures[1])
    }

    private func quotient(_ left: Double?, _ right: Double?) -> Double? {
        guard let left, let right, right > 0 else { return nil }
        return left / right
    }
}
