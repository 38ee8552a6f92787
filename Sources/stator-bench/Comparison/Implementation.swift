/// A program that is measured: it can be run as a server and as a client, with the same command line as the others.
package struct Implementation: Sendable {
    package enum Name: String, Sendable, Codable, CaseIterable {
        case stator
        case plainC = "c"
        case grpc = "grpc-cpp"
    }

    package let name: Name
    package let path: String

    package init(_ name: Name, path: String) {
        self.name = name
        self.path = path
    }

    /// What its server speaks, as TLS names it.
    package var applicationProtocol: String { name == .grpc ? "h2" : "stator/1" }

    /// How a workload is measured: by all in their one way, and by Stator in its other ways too.
    package func styles(of workload: Workload) -> [Style] {
        guard name == .stator, workload.isLoaded else { return [.plain] }
        return workload.message == .instance ? [.plain, .asyncHandler, .asyncClient] : [.plain, .asyncHandler]
    }
}
