import ClusterSupport
import ComputeMessages
import ComputeObjects
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import Synchronization
import TestSupport

/// A program that keeps one connection to the API through all restarts, and asks without a pause: each break is met by
/// calls under way.
///
/// Of this tree's release; what it reads of the servers that are given to it must never change.
final class SteadyClient: Sendable {
    private static let callTimeout: Duration = .seconds(30)
    private static let pause: Duration = .milliseconds(40)

    private let channel: Channel
    private let compute: ComputeClient
    private let loop: EventLoop
    private let journal: LoadJournal
    private let isStopping = Atomic(false)

    init(address: String, journal: LoadJournal) throws {
        loop = try EventLoop(label: "steady client")
        let tls = try TestCertificates.tls(class: "operator", name: "admin")
        channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: [address],
                tls: TLSConfiguration(
                    certificateChainPath: tls.certificateChainPath, privateKeyPath: tls.privateKeyPath,
                    trustRootsPath: tls.trustRootsPath),
                local: localEndpoint(), expectedPeer: .api),
            loop: loop, logger: Logger(label: "steady client") { _ in SwiftLogNoOpLogHandler() })
        compute = ComputeClient(channel)
        self.journal = journal
    }

    /// Runs until `stop`; `servers` are ids.
    func run(servers: [String]) async throws {
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        let running = loop.startTask { await self.channel.run() }
        let readers = servers.map { server in loop.startTask { await self.read(server) } }
        let watcher = loop.startTask { await self.watchOperations() }
        for reader in readers { await reader.value }
        await watcher.value
        await channel.shutdown()
        await running.value
    }

    func stop() { isStopping.store(true, ordering: .relaxed) }

    private var goesOn: Bool { !isStopping.load(ordering: .relaxed) }

    /// Asks for one server over and over.
    private func read(_ server: String) async {
        var request = ServerRequest()
        request.server = server
        var first: Instance?
        while goesOn {
            let answer = await attempt("steady read") { [request] () throws(RPCError) in
                try await self.compute.getServer(request, options: CallOptions(timeout: Self.callTimeout))
            }
            if let instance = answer?.instance {
                if let difference = first.flatMap({ Self.difference(of: instance, from: $0) }) {
                    journal.record(problem: "server \(server), read again and again: \(difference)")
                }
                first = first ?? instance
                journal.recordReadBack(values: 6)
            }
            try? await loop.sleep(for: Self.pause)
        }
    }

    private static func difference(of instance: Instance, from first: Instance) -> String? {
        func changed<Value: Equatable>(_ name: String, _ field: KeyPath<Instance, Value>) -> String? {
            guard instance[keyPath: field] != first[keyPath: field] else { return nil }
            return "\(name) was \(first[keyPath: field]) and is \(instance[keyPath: field])"
        }
        return changed("display_name", \.displayName) ?? changed("display_description", \.displayDescription)
            ?? changed("vm_state", \.vmState) ?? changed("host", \.host) ?? changed("created_at", \.createdAt)
            ?? changed("memory_mb", \.memoryMb)
    }

    /// Watches the newest operation until it has ended, then the next one.
    private func watchOperations() async {
        var watched: ObjectID?
        while goesOn {
            var request = ListOperationsRequest()
            request.limit = 1
            let newest = await attempt("steady list of operations") { [request] () throws(RPCError) in
                try await self.compute.listOperations(request, options: CallOptions(timeout: Self.callTimeout))
            }
            if let id = newest?.operations.first?.uuid, id != watched {
                watched = id
                await watch(id)
            }
            try? await loop.sleep(for: Self.pause)
        }
    }

    /// As the command line does it: a watch that breaks is begun again, until the operation has ended.
    private func watch(_ id: ObjectID) async {
        let begin = ContinuousClock.now
        var request = WatchOperationRequest()
        request.uuid = id
        var schedule = RetrySchedule(patience: Self.callTimeout)
        var retries = 0
        var outcome: RequestOutcome?
        while outcome == nil {
            var failure = RPCError(.unavailable, "the API stopped watching")
            do {
                let options = CallOptions(timeout: Self.callTimeout)
                for try await response in try await compute.watchOperation(request, options: options) {
                    schedule.succeeded()
                    if response.operation?.state?.isFinal == true { outcome = .done }
                }
            } catch {
                failure = error
            }
            guard outcome == nil else { break }
            guard let pause = schedule.pauseAfter(failure.code, now: .now, deadline: begin + Self.callTimeout) else {
                outcome = .failed("\(failure.code): \(failure.message)")
                break
            }
            retries += 1
            try? await loop.sleep(for: pause)
        }
        journal.record(
            "steady watch", isWrite: false, outcome ?? .done, retries: retries, lasted: begin.duration(to: .now))
    }

    private func attempt<Response>(
        _ kind: String, _ call: () async throws(RPCError) -> Response
    ) async -> Response? {
        let begin = ContinuousClock.now
        var answer: Response?
        var outcome = RequestOutcome.done
        do {
            answer = try await call()
        } catch {
            outcome = .failed("\(error.code): \(error.message)")
        }
        journal.record(kind, isWrite: false, outcome, lasted: begin.duration(to: .now))
        return answer
    }
}
