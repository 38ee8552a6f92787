internal import StatorReactor

/// A listening socket on the loop. Loop-confined.
final class Acceptor: ReadinessHandler {
    private let socket: ListeningSocket
    private let loop: EventLoop
    private let isReadable: () -> Void
    private var registration: Registration?
    private var timer: TimerID?

    init(_ address: SocketAddress, loop: EventLoop, isReadable: @escaping () -> Void) throws(ReactorError) {
        socket = try ListeningSocket(bindingTo: address)
        self.loop = loop
        self.isReadable = isReadable
    }

    var localAddress: SocketAddress { socket.localAddress }

    func start() throws(ReactorError) {
        registration = try loop.register(socket.descriptor, interest: .read, handler: self)
    }

    func ready(_ readiness: Readiness) {
        isReadable()
    }

    func accept() throws(ReactorError) -> StreamSocket? {
        try socket.accept()
    }

    /// Lets waiting connections wait on, instead of failing to accept them turn after turn.
    func pause(for duration: Duration) {
        guard let registration, timer == nil else { return }
        try? loop.update(registration, interest: [])
        timer = loop.schedule(at: loop.now.advanced(by: duration)) { [weak self] in
            guard let self, let registration = self.registration else { return }
            self.timer = nil
            try? self.loop.update(registration, interest: .read)
        }
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        if let registration { loop.deregister(registration) }
        registration = nil
    }
}
