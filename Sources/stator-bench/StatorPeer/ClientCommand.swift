internal import ArgumentParser
internal import CommandOptions
internal import ComputeMessages
internal import Foundation
internal import StatorObjects
internal import StatorReactor
internal import StatorRPC

/// Stator's side of the comparison, as a client: one loop on one thread, which makes the calls and is told their ends.
struct ClientCommand: AsyncParsableCommand {
    enum Message: String, ExpressibleByArgument { case ping, instance }
    enum Handler: String, ExpressibleByArgument { case immediate, suspending }
    enum Style: String, ExpressibleByArgument { case callback, tasks }

    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Call in a closed loop and print what was measured.")

    @OptionGroup var peer: PeerOptions

    @Option(help: "The server's process, whose CPU time is measured.")
    var server: Int32

    @Option var message = Message.ping
    @Option var connections = 1
    @Option(help: "Calls under way at a time, on each connection.")
    var inFlight = 1

    @Option(help: "Whether the server's handler answers at once or waits for the next turn of its loop.")
    var handler = Handler.immediate
    @Option(help: "Whether calls are made with completions or by tasks that await them.")
    var style = Style.callback

    @Option(help: "Seconds that are not measured.")
    var warmUp = 0.5
    @Option(help: "Seconds that are.")
    var seconds = 1.0
    @Option(help: "Make just so many calls, without measuring time; for counting what a call takes.")
    var calls: UInt64?

    func run() async throws {
        ProcessMemory.tune()
        switch (message, handler) {
        case (.ping, .immediate): try await measure(EchoMethods.ping, SampleMessages.ping)
        case (.ping, .suspending): try await measure(EchoMethods.suspendingPing, SampleMessages.ping)
        case (.instance, .immediate): try await measure(EchoMethods.instance, SampleMessages.instance)
        case (.instance, .suspending): try await measure(EchoMethods.suspendingInstance, SampleMessages.instance)
        }
    }

    private func measure<Sample: VersionedMessage>(_ method: MethodDescriptor, _ sample: Sample) async throws {
        let loop = try startedLoop()
        let open = try await BenchConnections(peer: peer, loop: loop).open(connections)
        let load = ClosedLoop(method, sample, over: open, inFlight: inFlight, callsMax: calls, on: loop)
        style == .callback ? load.beginWithCompletions() : load.beginWithTasks()
        if calls != nil {
            try await load.untilDone()
            return
        }
        try await Task.sleep(for: .seconds(warmUp))
        let begin = try await load.mark(server)
        try await Task.sleep(for: .seconds(seconds))
        let end = try await load.mark(server)
        let figures = PeerFigures(
            calls: end.latencies.total, seconds: (end.instant - begin.instant) / .seconds(1),
            p50Microseconds: (end.latencies.quantile(0.5) ?? 0) / 1000,
            p99Microseconds: (end.latencies.quantile(0.99) ?? 0) / 1000,
            serverCPUSeconds: end.serverCPUSeconds - begin.serverCPUSeconds,
            clientCPUSeconds: end.ownCPUSeconds - begin.ownCPUSeconds)
        say(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }
}
