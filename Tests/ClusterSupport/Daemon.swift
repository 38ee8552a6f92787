extension TestCluster {
    /// A daemon of the cluster: its name is that of its certificate.
    package struct Daemon: Hashable, Sendable, CustomStringConvertible {
        package let callerClass: String
        package let name: String

        package static let conductors = [Daemon(callerClass: "conductor", name: "conductor1"), conductor2]
        package static let conductor2 = Daemon(callerClass: "conductor", name: "conductor2")
        package static let api = Daemon(callerClass: "api", name: "api1")
        package static let hosts = [
            Daemon(callerClass: "compute", name: "host1"), Daemon(callerClass: "compute", name: "host2"),
        ]
        package static let all = conductors + [api] + hosts

        package var description: String { name }
        /// The name of its executable.
        package var program: String { "stator-\(callerClass)" }
    }
}
