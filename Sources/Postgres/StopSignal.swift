internal import StatorReactor

/// Lets tasks wait for the order to stop.
///
/// Unchecked: touched on the loop's thread only, which is asserted.
final class StopSignal: @unchecked Sendable {
    private let loop: EventLoop
    private(set) var isStopped = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(loop: EventLoop) {
        self.loop = loop
    }

    func stop() {
        loop.assertInLoop()
        isStopped = true
        let waiters = waiters
        self.waiters = []
        for waiter in waiters {
            waiter.resume()
        }
    }

    func wait() async {
        loop.assertInLoop()
        await withCheckedContinuation { continuation in
            if isStopped {
                continuation.resume()
            } else {
                waiters.append(continuation)
            }
        }
    }
}
