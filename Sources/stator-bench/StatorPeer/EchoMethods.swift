internal import ComputeMessages
internal import StatorReactor
internal import StatorRPC

/// The methods that are measured; each answers with the message that it was called with, decoded and encoded anew.
enum EchoMethods {
    static let ping = method("Ping")
    static let instance = method("EchoInstance")
    static let suspendingPing = method("SuspendingPing")
    static let suspendingInstance = method("SuspendingEchoInstance")

    private static func method(_ name: String) -> MethodDescriptor {
        let service = "stator.bench.Echo"
        // 64-bit FNV-1a, as the generator numbers methods.
        let id = "\(service)/\(name)".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return MethodDescriptor(
            service: service, name: name, id: id, callers: [.compute], isIdempotent: true, since: 1, shape: .unary)
    }

    /// Each method with a handler that answers at once, and with one that waits once for the loop's next turn.
    static func router(on loop: EventLoop) -> CallRouter {
        var router = CallRouter()
        router.register(ping, immediate: { (request: ConsoleOutput, _) in request })
        router.register(instance, immediate: { (request: Instance, _) in request })
        router.register(
            suspendingPing,
            unary: { (request: ConsoleOutput, _) in
                await suspend(on: loop)
                return request
            })
        router.register(
            suspendingInstance,
            unary: { (request: Instance, _) in
                await suspend(on: loop)
                return request
            })
        return router
    }

    private static func suspend(on loop: EventLoop) async {
        await withUnsafeContinuation { continuation in
            loop.execute { continuation.resume() }
        }
    }
}
