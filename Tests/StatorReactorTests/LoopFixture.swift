import Glibc
import StatorReactor
import Synchronization

/// Runs the body with a loop of its own, and ends the loop.
func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(label: "test")
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    try await body(loop)
}

extension EventLoop {
    /// Runs the body on the loop, and returns its result.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            execute { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Waits once for readiness of a descriptor.
    func readiness(of descriptor: CInt, _ interest: Interest) async throws -> Readiness {
        try await withCheckedThrowingContinuation { continuation in
            execute {
                let handler = OneReadiness(loop: self) { continuation.resume(returning: $0) }
                do {
                    handler.registration = try self.register(descriptor, interest: interest, handler: handler)
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}

/// Tells of the first event and deregisters itself.
final class OneReadiness: ReadinessHandler {
    var registration: Registration?
    private let loop: EventLoop
    private let body: (Readiness) -> Void

    init(loop: EventLoop, _ body: @escaping (Readiness) -> Void) {
        self.loop = loop
        self.body = body
    }

    func ready(_ readiness: Readiness) {
        if let registration {
            loop.deregister(registration)
        }
        body(readiness)
    }
}

/// Calls a closure for each event.
final class ClosureHandler: ReadinessHandler {
    var body: (Readiness) -> Void = { _ in }

    func ready(_ readiness: Readiness) {
        body(readiness)
    }
}

/// What several threads add up.
final class Recorder<Element: Sendable>: Sendable {
    private let state = Mutex<[Element]>([])

    var elements: [Element] {
        state.withLock { $0 }
    }

    func append(_ element: Element) {
        state.withLock { $0.append(element) }
    }
}

/// A connected pair of unix stream sockets; closed by the test.
func makeSocketPair() -> (CInt, CInt) {
    var pair: [CInt] = [-1, -1]
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    precondition(socketpair(AF_UNIX, type, 0, &pair) == 0)
    return (pair[0], pair[1])
}

/// A path for a unix socket.
func temporarySocketPath() -> String {
    "/tmp/stator-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).sock"
}
