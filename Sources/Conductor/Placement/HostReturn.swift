/// How long a host that is away is waited for, when that it is away may say nothing of the host.
///
/// A conductor that ends takes its hosts' leases with it, and an outage of the database ends all of them; the hosts
/// need some seconds to find a conductor, and queued work is taken up before they have.
package enum HostReturn {
    package static let period: Duration = .seconds(30)

    /// Whether hosts are waited for however long they have been away.
    ///
    /// - Parameters:
    ///   - sinceCreation: The age of the operation that is to be placed.
    ///   - sinceOutage: How long this conductor has run and reached the database.
    package static func isAwaited(sinceCreation: Duration, sinceOutage: Duration) -> Bool {
        min(sinceCreation, sinceOutage) < period
    }
}
