/// How long what a process says of itself holds without being said again; each is renewed at a third of it.
package enum Leases {
    package static let operation: Duration = .seconds(10)
    package static let host: Duration = .seconds(15)
    package static let service: Duration = .seconds(15)

    package static func renewalInterval(of lease: Duration) -> Duration { lease / 3 }

    /// As responses carry it.
    package static func milliseconds(_ lease: Duration) -> UInt32 {
        UInt32(clamping: lease.inMilliseconds)
    }
}

extension Duration {
    /// Whole milliseconds.
    var inMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
