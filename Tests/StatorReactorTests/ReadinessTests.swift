import Glibc
import StatorReactor
import Testing

@Suite struct ReadinessTests {
    @Test func `tells of readable and writable as asked`() async throws {
        try await withLoop { loop in
            let (left, right) = makeSocketPair()
            defer { close(right) }
            var readiness = try await loop.readiness(of: left, [.read, .write])
            #expect(readiness == .writable)
            #expect(write(right, "x", 1) == 1)
            readiness = try await loop.readiness(of: left, .read)
            #expect(readiness == .readable)
            readiness = try await loop.readiness(of: left, [.read, .write])
            #expect(readiness == [.readable, .writable])
            close(left)
            readiness = try await loop.readiness(of: right, .read)
            #expect(readiness.isSuperset(of: [.readable, .hangup]))
        }
    }

    @Test func `tells again after the interest was given up and taken up`() async throws {
        try await withLoop { loop in
            let (left, right) = makeSocketPair()
            defer {
                close(left)
                close(right)
            }
            let recorder = Recorder<Readiness>()
            let handler = UncheckedBox(ClosureHandler())
            handler.value.body = { recorder.append($0) }
            let registration = try await loop.run {
                try loop.register(left, interest: [], handler: handler.value)
            }
            #expect(write(right, "x", 1) == 1)
            try await loop.sleep(for: .milliseconds(1))
            #expect(recorder.elements.isEmpty)
            await withCheckedContinuation { continuation in
                loop.execute {
                    handler.value.body = { readiness in
                        recorder.append(readiness)
                        try? loop.update(registration, interest: [])
                        continuation.resume()
                    }
                    try? loop.update(registration, interest: .read)
                }
            }
            try await loop.sleep(for: .milliseconds(1))
            #expect(recorder.elements == [.readable])
        }
    }

    @Test func `drops a late event when its descriptor's number is in use again`() async throws {
        try await withLoop { loop in
            let first = makeSocketPair()
            let second = makeSocketPair()
            #expect(write(first.1, "x", 1) == 1)
            #expect(write(second.1, "x", 1) == 1)
            let told = Recorder<String>()
            try await loop.run {
                let (firstHandler, secondHandler, lateHandler) = (ClosureHandler(), ClosureHandler(), ClosureHandler())
                let firstRegistration = try loop.register(first.0, interest: .read, handler: firstHandler)
                let secondRegistration = try loop.register(second.0, interest: .read, handler: secondHandler)
                lateHandler.body = { _ in told.append("late") }
                // Both events are fetched in one turn; whoever is first ends the other and takes its number.
                let replace = { (own: Registration, other: Registration) in
                    told.append("first")
                    loop.deregister(own)
                    loop.deregister(other)
                    // In one step, since other tests open descriptors too.
                    let fresh = makeSocketPair()
                    #expect(dup2(fresh.0, other.descriptor) == other.descriptor)
                    _ = try? loop.register(other.descriptor, interest: .read, handler: lateHandler)
                    // Ended registrations have no say over the new one.
                    loop.deregister(other)
                    try? loop.update(other, interest: [])
                }
                firstHandler.body = { _ in replace(firstRegistration, secondRegistration) }
                secondHandler.body = { _ in replace(secondRegistration, firstRegistration) }
            }
            try await loop.sleep(for: .milliseconds(2))
            #expect(told.elements == ["first"])
        }
    }

    @Test func `lets go of handlers when they are deregistered and when the loop ends`() async throws {
        let (left, right) = makeSocketPair()
        defer {
            close(left)
            close(right)
        }
        let loop = try EventLoop(label: "test")
        try loop.start()
        let handlers = UncheckedBox(WeakHandlers())
        try await loop.run {
            let (made, kept) = (ClosureHandler(), ClosureHandler())
            loop.deregister(try loop.register(left, interest: .read, handler: made))
            _ = try loop.register(right, interest: .read, handler: kept)
            (handlers.value.first, handlers.value.second) = (made, kept)
        }
        loop.stop()
        loop.join()
        #expect(handlers.value.first == nil)
        #expect(handlers.value.second == nil)
    }

    @Test func `refuses a descriptor that is not open`() async throws {
        try await withLoop { loop in
            for descriptor: CInt in [-1, 1_000_000] {
                await #expect(throws: ReactorError.self) {
                    try await loop.run {
                        _ = try loop.register(descriptor, interest: .read, handler: ClosureHandler())
                    }
                }
            }
        }
    }
}

private final class WeakHandlers {
    weak var first: ClosureHandler?
    weak var second: ClosureHandler?
}
