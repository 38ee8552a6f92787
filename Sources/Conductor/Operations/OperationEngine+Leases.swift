internal import Logging
package import StatorObjects
internal import StatorReactor

/// What the engine holds: keeping it, noticing that it is gone, and giving it back.
extension OperationEngine {
    private static let releaseAttemptsMax = 3

    // MARK: Letting go

    /// No longer ours to work on.
    func forget(_ operation: HeldOperation) {
        operation.machine.superseded()
        if held[operation.id] === operation { held[operation.id] = nil }
    }

    func giveBack(_ operation: HeldOperation, after delay: Duration) async {
        await giveBack([operation], after: delay)
    }

    /// Back to the queue, unless they ended or another conductor has them; when the database can't be reached, the
    /// leases' end does the same.
    func giveBack(_ operations: [HeldOperation], after delay: Duration) async {
        if operations.isEmpty { return }
        defer { operations.forEach(forget) }
        var attemptsLeft = Self.releaseAttemptsMax
        while attemptsLeft > 0 {
            attemptsLeft -= 1
            do throws(StoreError) {
                try await store.operations.release(operations.map(\.id), conductor: conductorName, after: delay)
                attemptsLeft = 0
                ring(after: delay)
            } catch {
                // Reports that are being applied lock the rows of operations in an order of their own.
                if !error.isRetryable { attemptsLeft = 0 }
                logger.debug(
                    "operations not given back",
                    metadata: ["count": "\(operations.count)", "error": "\(error)"])
            }
        }
    }

    private func ring(after delay: Duration) {
        guard delay > .zero else { return bell.ring() }
        _ = loop.schedule(at: loop.now + delay) { [bell] in bell.ring() }
    }

    // MARK: What comes from outside

    /// Something may be to do: an operation was begun or changed, or (nil) some may have been missed.
    package func operationChanged(_ id: ObjectID?) {
        if let id {
            if held[id]?.isStepping == false { suspects.insert(id) }
        } else {
            suspects.formUnion(held.values.lazy.filter { !$0.isStepping }.map(\.id))
        }
        bell.ring()
    }

    /// The host's connection to this conductor closed or was made anew.
    package func hostMoved(_ hostID: ObjectID) async {
        var moved: [HeldOperation] = []
        for operation in held.values where operation.hostID == hostID {
            if operation.machine.hostMoved() == .letGo { moved.append(operation) }
        }
        await giveBack(moved, after: Self.moveDelay)
        if hosts.attachment(of: hostID) != nil {
            do throws(StoreError) {
                try await store.operations.hasten(hostID: hostID)
            } catch {
                logger.debug("operations not hastened", metadata: ["host": "\(hostID)", "error": "\(error)"])
            }
        }
        bell.ring()
    }

    // MARK: Leases

    /// Drops those that have ended or that another conductor has taken.
    func checkSuspects() async {
        let operations = suspects.compactMap { held[$0] }.filter { !$0.isStepping }
        suspects = []
        if operations.isEmpty { return }
        let current: [ObjectID: OperationRecord]
        do throws(StoreError) {
            let records = try await store.operations.get(operations.map(\.id))
            current = Dictionary(uniqueKeysWithValues: records.map { ($0.uuid, $0) })
        } catch {
            suspects.formUnion(operations.map(\.id))
            return
        }
        for operation in operations where held[operation.id] === operation && !operation.isStepping {
            let record = current[operation.id]
            if let record, !record.isFinished, record.conductor == conductorName {
                operation.record = record
                continue
            }
            if let record, record.isFinished { logEnd(of: record, operation) }
            forget(operation)
        }
    }

    /// One statement for all of them, so that many cost no more time than the lease has.
    func renewLeases() async {
        let operations = Array(held.values)
        if operations.isEmpty { return }
        let renewed: [ObjectID: OperationRecord]
        do throws(StoreError) {
            let records = try await store.operations.renew(
                operations.map(\.id), conductor: conductorName, lease: Leases.operation)
            renewed = Dictionary(uniqueKeysWithValues: records.map { ($0.uuid, $0) })
        } catch {
            logger.warning(
                "leases not renewed", metadata: ["count": "\(operations.count)", "error": "\(error)"])
            return
        }
        for operation in operations where held[operation.id] === operation && !operation.isStepping {
            if let record = renewed[operation.id], record.attempt == operation.record.attempt {
                operation.record = record
            } else {
                suspects.insert(operation.id)
            }
        }
    }
}
