import Testing

/// What a call may take: the whole numbers that were measured with Swift 6.3.1. One allocation or system call more for
/// each call fails the tests; when there is one less, lower the number here, so that it stays so.
struct CallLimit: CustomTestStringConvertible, Sendable {
    let name: String
    let arguments: [String]
    let serverAllocations: Double
    let clientAllocations: Double
    /// On each side: one to wait, one to receive and one to send.
    let systemCalls: Double = 3

    var testDescription: String { name }

    #if DEBUG
    static let all = [
        CallLimit("ping", ["--message", "ping"], server: 17, client: 13),
        CallLimit("instance", ["--message", "instance"], server: 17, client: 13),
        CallLimit("async handler", ["--message", "instance", "--handler", "suspending"], server: 23, client: 13),
        CallLimit("async client", ["--message", "instance", "--style", "tasks"], server: 17, client: 15),
    ]
    #else
    static let all = [
        CallLimit("ping", ["--message", "ping"], server: 7, client: 7),
        CallLimit("instance", ["--message", "instance"], server: 7, client: 7),
        CallLimit("async handler", ["--message", "instance", "--handler", "suspending"], server: 15, client: 7),
        CallLimit("async client", ["--message", "instance", "--style", "tasks"], server: 7, client: 10),
    ]
    #endif

    private init(_ name: String, _ arguments: [String], server: Double, client: Double) {
        self.name = name
        self.arguments = arguments
        serverAllocations = server
        clientAllocations = client
    }
}
