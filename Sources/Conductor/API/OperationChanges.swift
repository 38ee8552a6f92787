internal import StatorObjects
package import StatorReactor
internal import Synchronization

/// Hears which operations change, whoever changes them, and wakes those that want to know.
///
/// Any thread may watch; `run()` is on the loop.
package final class OperationChanges: Sendable {
    package static let watchCountMax = 1024
    /// Watchers look again so often even when nothing was heard.
    static let fallbackInterval: Duration = .seconds(2)

    /// One wish to hear of one operation.
    struct Watch: Sendable {
        let number: UInt64
        let operation: ObjectID
        let bell: Doorbell
    }

    private struct Watches: Sendable {
        var byOperation: [ObjectID: [UInt64: Watch]] = [:]
        var count = 0
        var nextNumber: UInt64 = 0
        var isClosed = false
    }

    private let store: Store
    private let engine: OperationEngine
    private let loop: EventLoop
    private let watches = Mutex(Watches())

    package init(store: Store, engine: OperationEngine, loop: EventLoop) {
        self.store = store
        self.engine = engine
        self.loop = loop
    }

    /// Until its task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ringRegularly() }
            for await change in store.operationChanges() {
                await engine.operationChanged(change)
                ring(change)
            }
            group.cancelAll()
        }
    }

    private func ringRegularly() async {
        var isCancelled = false
        while !isCancelled {
            do {
                try await loop.sleep(for: Self.fallbackInterval)
                ring(nil)
            } catch {
                isCancelled = true
            }
        }
    }

    /// Ends every watch; no more begin.
    package func close() {
        let bells = watches.withLock { watches -> [Doorbell] in
            watches.isClosed = true
            return watches.byOperation.values.flatMap { $0.values.map(\.bell) }
        }
        bells.forEach { $0.remove() }
    }

    func watch(_ operation: ObjectID) throws(ConductorError) -> Watch {
        let watch = watches.withLock { watches -> Watch? in
            guard watches.count < Self.watchCountMax, !watches.isClosed else { return nil }
            let watch = Watch(number: watches.nextNumber, operation: operation, bell: Doorbell())
            watches.nextNumber += 1
            watches.count += 1
            watches.byOperation[operation, default: [:]][watch.number] = watch
            return watch
        }
        guard let watch else {
            throw ConductorError(.exhausted, "this conductor watches as many operations as it can; poll instead")
        }
        return watch
    }

    func remove(_ watch: Watch) {
        watches.withLock { watches in
            guard watches.byOperation[watch.operation]?.removeValue(forKey: watch.number) != nil else { return }
            watches.count -= 1
            if watches.byOperation[watch.operation]?.isEmpty == true { watches.byOperation[watch.operation] = nil }
        }
        watch.bell.remove()
    }

    /// Nil: some changes may have been missed, so everyone looks.
    private func ring(_ operation: ObjectID?) {
        let bells = watches.withLock { watches -> [Doorbell] in
            if let operation { return watches.byOperation[operation]?.values.map(\.bell) ?? [] }
            return watches.byOperation.values.flatMap { $0.values.map(\.bell) }
        }
        bells.forEach { $0.ring() }
    }
}
