internal import ArgumentParser
internal import CommandOptions
internal import StatorRPC

struct IdleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle", abstract: "Open connections, say 'ready' and hold them until standard input ends.")

    @OptionGroup var peer: PeerOptions

    @Option(help: "How many.")
    var connections: Int

    func run() async throws {
        OpenFileLimit.raise()
        let held = try await BenchConnections(peer: peer, loop: startedLoop()).open(connections)
        say("ready")
        waitForEndOfInput()
        let lost = held.count { !$0.isOpen }
        guard lost == 0 else { throw BenchError("\(lost) of \(held.count) connections were lost") }
    }
}
