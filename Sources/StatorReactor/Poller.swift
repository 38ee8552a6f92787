internal import CLinux
internal import Glibc

/// The epoll descriptor and who is told about which descriptor. Confined to the loop's thread.
@safe final class Poller {
    enum Event {
        /// Another thread asks for attention.
        case wakeUp
        case ready(any ReadinessHandler, Readiness)
        /// For a registration that has ended since.
        case late
    }

    private struct Slot {
        var generation: UInt32 = 0
        var interest: Interest = []
        var isPolled = false
        var handler: (any ReadinessHandler)?
    }

    /// No descriptor is -1, so that no registration has this tag.
    private static let wakeUpTag = UInt64.max
    private static let eventsPerTurnMax = 256

    private let epoll: OwnedDescriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>
    /// By descriptor: the system gives out the lowest free number.
    private var slots: [Slot] = []

    init(wakeUpDescriptor: CInt) throws(ReactorError) {
        epoll = OwnedDescriptor(try promptSystemCall("create an epoll descriptor") { epoll_create1(Int32(O_CLOEXEC)) })
        unsafe events = .allocate(capacity: Poller.eventsPerTurnMax)
        unsafe events.initialize(repeating: epoll_event())
        // Edge-triggered, so that the counter need not be read.
        try control(
            EPOLL_CTL_ADD, wakeUpDescriptor, events: EPOLLIN.rawValue | EPOLLET.rawValue, tag: Poller.wakeUpTag)
    }

    deinit {
        unsafe events.deallocate()
    }

    func register(
        _ descriptor: CInt, interest: Interest, handler: any ReadinessHandler
    ) throws(ReactorError) -> Registration {
        guard descriptor >= 0 else {
            throw ReactorError(operation: "register descriptor \(descriptor)", errno: EBADF)
        }
        let index = Int(descriptor)
        if index >= slots.count {
            slots.append(contentsOf: repeatElement(Slot(), count: index + 1 - slots.count))
        }
        let registration = Registration(descriptor: descriptor, generation: slots[index].generation &+ 1)
        if !interest.isEmpty {
            try control(EPOLL_CTL_ADD, descriptor, events: Poller.events(interest), tag: registration.tag)
        }
        slots[index] = Slot(
            generation: registration.generation, interest: interest, isPolled: !interest.isEmpty, handler: handler)
        return registration
    }

    /// A registration that has ended is left as it is.
    ///
    /// Without interest the descriptor leaves epoll, which would tell of a hangup over and over otherwise.
    func update(_ registration: Registration, interest: Interest) throws(ReactorError) {
        guard let slot = slot(of: registration), slot.interest != interest else {
            return
        }
        let descriptor = registration.descriptor
        if interest.isEmpty {
            try control(EPOLL_CTL_DEL, descriptor, events: 0, tag: registration.tag)
        } else {
            let operation = slot.isPolled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
            try control(operation, descriptor, events: Poller.events(interest), tag: registration.tag)
        }
        slots[Int(descriptor)].interest = interest
        slots[Int(descriptor)].isPolled = !interest.isEmpty
    }

    func deregister(_ registration: Registration) {
        guard let slot = slot(of: registration) else {
            return
        }
        if slot.isPolled {
            // Fails only where the descriptor was closed before, which removed it from epoll too.
            try? control(EPOLL_CTL_DEL, registration.descriptor, events: 0, tag: registration.tag)
        }
        slots[Int(registration.descriptor)] = Slot(generation: registration.generation)
    }

    func deregisterAll() {
        slots = []
    }

    /// Waits for events and returns how many there are; an interrupting signal counts as none.
    func wait(timeout: CInt) -> Int {
        let count = unsafe epoll_wait(epoll.number, events.baseAddress, CInt(events.count), timeout)
        if count < 0 {
            precondition(errno == EINTR, "epoll_wait refused the loop's own arguments")
            return 0
        }
        return Int(count)
    }

    /// The event as it stands now: an earlier handler of this turn may have ended its registration.
    func event(at index: Int) -> Event {
        let event = unsafe events[index]
        let tag = unsafe event.data.u64
        if tag == Poller.wakeUpTag {
            return .wakeUp
        }
        guard let slot = slot(of: Registration(tag: tag)), let handler = slot.handler else {
            return .late
        }
        let readiness = Poller.readiness(unsafe event.events, interest: slot.interest)
        return readiness.isEmpty ? .late : .ready(handler, readiness)
    }

    private func slot(of registration: Registration) -> Slot? {
        let index = Int(registration.descriptor)
        guard slots.indices.contains(index), slots[index].generation == registration.generation,
            slots[index].handler != nil
        else {
            return nil
        }
        return slots[index]
    }

    private func control(_ operation: CInt, _ descriptor: CInt, events: UInt32, tag: UInt64) throws(ReactorError) {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = tag
        try promptSystemCall("watch descriptor \(descriptor)") {
            unsafe epoll_ctl(epoll.number, operation, descriptor, &event)
        }
    }

    private static func events(_ interest: Interest) -> UInt32 {
        (interest.contains(.read) ? EPOLLIN.rawValue : 0) | (interest.contains(.write) ? EPOLLOUT.rawValue : 0)
    }

    private static func readiness(_ events: UInt32, interest: Interest) -> Readiness {
        var readiness: Readiness = []
        if events & EPOLLHUP.rawValue != 0 {
            readiness.insert(.hangup)
        }
        if events & EPOLLERR.rawValue != 0 {
            readiness.insert(.error)
        }
        let isBroken = !readiness.isEmpty
        if interest.contains(.read) && (isBroken || events & EPOLLIN.rawValue != 0) {
            readiness.insert(.readable)
        }
        if interest.contains(.write) && (isBroken || events & EPOLLOUT.rawValue != 0) {
            readiness.insert(.writable)
        }
        return readiness
    }
}
