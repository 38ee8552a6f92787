// Descriptors and timers; on the loop only.
extension EventLoop {
    /// Tells the handler from now on what becomes possible on the descriptor, which the caller keeps open until it has
    /// deregistered it. The loop holds the handler until then.
    public func register(
        _ descriptor: CInt, interest: Interest, handler: any ReadinessHandler
    ) throws(ReactorError) -> Registration {
        assertInLoop()
        return try poller.register(descriptor, interest: interest, handler: handler)
    }

    /// Changes what the handler is told of; with an empty interest nothing is, not even that the peer hung up.
    public func update(_ registration: Registration, interest: Interest) throws(ReactorError) {
        assertInLoop()
        try poller.update(registration, interest: interest)
    }

    /// Ends a registration: its handler is not called again, not even for an event that this turn has already fetched.
    /// Ending it twice does nothing.
    public func deregister(_ registration: Registration) {
        assertInLoop()
        poller.deregister(registration)
    }

    /// Runs the closure once, at that instant or as soon after as the loop comes to it.
    @discardableResult
    public func schedule(at instant: ContinuousClock.Instant, _ body: @escaping () -> Void) -> TimerID {
        assertInLoop()
        return timers.schedule(at: instant, body)
    }

    /// Drops a timer; one that has run or was cancelled before is left alone.
    public func cancel(_ timer: TimerID) {
        assertInLoop()
        timers.cancel(timer)
    }
}
