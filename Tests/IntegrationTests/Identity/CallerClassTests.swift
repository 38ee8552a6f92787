import ClusterSupport
import ComputeMessages
import ComputeObjects
import Logging
import StatorObjects
import StatorReactor
import StatorRPC
import StatorTLS
import StatorWire
import TestSupport
import Testing

extension SystemTests {
    /// Who may call what, against real daemons: the certificate decides, the table in the protos says how.
    @Suite struct CallerClassTests {
        /// A daemon and the methods that it serves.
        private struct Served {
            let daemon: TestCluster.Daemon
            let methods: [MethodDescriptor]
        }

        /// What a call came to, as far as the caller's class goes.
        private enum Answer {
            case notServed
            case refusesClass
            /// The service itself answered, whatever it said of an empty request.
            case heard
        }

        /// A name for each class; those of a host and an API are the cluster's own, so that only the class decides.
        private static func name(of callerClass: CallerClass) -> String {
            switch callerClass {
            case .compute: "host1"
            case .conductor: "conductor2"
            case .api: "api1"
            case .operator: "admin"
            case .user: "alice"
            }
        }

        private static let everyMethod =
            ComputeMethods.all + ConductorMethods.all + HostStateMethods.all + HostControlMethods.all

        @Test func `every method names who may call it`() {
            #expect(Self.everyMethod.filter(\.callers.isEmpty).map(\.path) == [])
            #expect(Set(Self.everyMethod.map(\.id)).count == Self.everyMethod.count)
        }

        @Test func `every method answers the classes that it names and refuses all others`() async throws {
            let cluster = try await TestCluster(driver: .fake)
            let table = [
                Served(daemon: .conductors[0], methods: ConductorMethods.all + HostStateMethods.all),
                Served(daemon: .api, methods: ComputeMethods.all),
            ]
            let loop = try EventLoop(label: "callers")
            try loop.start()
            defer {
                loop.stop()
                loop.join()
            }
            for served in table {
                for callerClass in CallerClass.allCases {
                    let answers = try await Self.answers(
                        of: cluster.address(of: served.daemon), to: callerClass, on: loop)
                    for (method, answer) in answers {
                        let isServed = served.methods.contains(method)
                        let isAllowed = method.callers.contains(callerClass)
                        let claim = "\(served.daemon) answers \(callerClass)'s call of \(method.path) with \(answer)"
                        switch (isServed, isAllowed) {
                        case (false, _): #expect(answer == .notServed, "\(claim)")
                        case (true, false): #expect(answer == .refusesClass, "\(claim)")
                        case (true, true): #expect(answer == .heard, "\(claim)")
                        }
                    }
                }
            }
        }

        /// What a daemon answers to an empty request of each method.
        private static func answers(
            of address: String, to callerClass: CallerClass, on loop: EventLoop
        ) async throws -> [(MethodDescriptor, Answer)] {
            let paths = try TestCertificates.tls(class: callerClass.rawValue, name: name(of: callerClass))
            let channel = try Channel(
                configuration: ChannelConfiguration(
                    addresses: [address],
                    tls: TLSConfiguration(
                        certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
                        trustRootsPath: paths.trustRootsPath),
                    local: localEndpoint()),
                loop: loop, logger: Logger(label: "callers", factory: { _ in SwiftLogNoOpLogHandler() }))
            let running = loop.startTask { await channel.run() }
            var answers: [(MethodDescriptor, Answer)] = []
            for method in everyMethod {
                answers.append((method, await answer(to: method, of: callerClass, over: channel)))
            }
            await channel.shutdown()
            await running.value
            return answers
        }

        /// The message types do not matter: an empty message is empty bytes, and the caller is judged before them.
        private static func answer(
            to method: MethodDescriptor, of callerClass: CallerClass, over channel: Channel
        ) async -> Answer {
            let options = CallOptions(timeout: .seconds(10))
            do {
                switch method.shape {
                case .unary:
                    let _: ListFlavorsResponse = try await channel.unary(method, ListFlavorsRequest(), options: options)
                case .serverStreaming:
                    let stream: ResponseStream<ListFlavorsResponse> = try await channel.serverStreaming(
                        method, ListFlavorsRequest(), options: options)
                    for try await _ in stream { break }
                case .clientStreaming:
                    let call: ClientStreamingCall<ListFlavorsRequest, ListFlavorsResponse> =
                        try await channel.clientStreaming(method, options: options)
                    _ = try await call.response()
                case .bidirectional:
                    let call: BidirectionalCall<ListFlavorsRequest, ListFlavorsResponse> =
                        try await channel.bidirectional(method, options: options)
                    for try await _ in call.responses { break }
                }
                return .heard
            } catch {
                if error.code == .unimplemented { return .notServed }
                return error.message.hasPrefix("a caller of class \(callerClass) may not") ? .refusesClass : .heard
            }
        }
    }
}
