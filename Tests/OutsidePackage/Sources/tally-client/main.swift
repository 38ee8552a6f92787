import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import TallyMessages

// tally-client ADDRESS CERTIFICATE KEY AUTHORITIES: adds entries, and says what comes of it.
let arguments = CommandLine.arguments
guard arguments.count == 5 else { throw RPCError(.invalidArgument, "four arguments are needed") }

/// A channel that says it understands these versions.
func channel(_ manifest: Manifest, on loop: EventLoop) throws -> Channel {
    try Channel(
        configuration: ChannelConfiguration(
            addresses: [arguments[1]],
            tls: TLSConfiguration(
                certificateChainPath: arguments[2], privateKeyPath: arguments[3], trustRootsPath: arguments[4]),
            local: LocalEndpoint(manifest: manifest, release: "1.0", serviceVersion: 1), expectedPeer: .api),
        loop: loop, logger: Logger(label: "tally") { StreamLogHandler.standardError(label: $0) })
}

func entry(_ name: String, _ amount: Int64, unit: String? = nil) -> Entry {
    var entry = Entry()
    entry.name = name
    entry.amount = amount
    entry.certainty = .counted
    entry.reason = "because"
    entry.unit = unit
    return entry
}

/// What a client does that knows all.
func add(_ tally: TallyClient) async throws {
    for amount: Int64 in [2, 3] {
        var request = AddRequest()
        request.entry = entry("apples", amount)
        print("total \(try await tally.add(request).total ?? 0)")
    }
    let following = try await tally.follow()
    for amount: Int64 in [4, 5] { try await following.requests.write(entry("pears", amount)) }
    following.requests.finish()
    for try await response in following.responses { print("total \(response.total ?? 0)") }
    let adding = try await tally.addAll()
    try await adding.requests.write(entry("plums", 6, unit: "kg"))
    adding.requests.finish()
    print("total \(try await adding.response().total ?? 0)")
}

/// Reads so many entries.
func watch(_ tally: TallyClient, count: UInt32) async {
    do {
        var request = WatchRequest()
        request.count = count
        for try await entry in try await tally.watch(request) {
            print("entry \(entry.name ?? "") \(entry.amount ?? 0) \(entry.reason ?? "without reason")")
        }
    } catch {
        print("\(error)")
    }
}

let loop = try EventLoop(label: "tally")
try loop.start()
let current = try channel(TallyManifest.current, on: loop)
var versions = TallyManifest.current.versions
versions["tally.v1.Entry"] = ObjectVersion(1, 0)
let older = try channel(Manifest(versions), on: loop)
try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { await current.run() }
    group.addTask { await older.run() }
    try await add(TallyClient(current))
    await watch(TallyClient(current), count: 5)
    await watch(TallyClient(older), count: 5)
    group.cancelAll()
}
