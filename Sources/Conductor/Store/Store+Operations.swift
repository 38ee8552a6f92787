package import ComputeMessages
package import StatorObjects

// What takes several rows to begin, and comes whole or not at all.
extension Store {
    /// Writes an instance and the operation that is to create it. A repeat of the operation's idempotency key writes
    /// nothing and returns what the first request began; with another request it is refused (`.idempotencyKeyReused`).
    package func createInstance(
        _ instance: NewInstance, operation: NewOperation
    ) async throws(StoreError) -> OperationBeginning {
        try await storeTransaction { transaction in
            if let begun = try await transaction.operations.create(operation) {
                return .begun(begun, try await transaction.instances.create(instance))
            }
            return try await transaction.repeated(operation)
        }
    }

    /// Writes an operation on an existing instance together with the instance's change; repeats as with `createInstance`.
    ///
    /// - Parameter fault: When given, the instance's other unfinished operations end as cancelled with it.
    package func beginOperation(
        _ operation: NewOperation,
        guard instanceGuard: InstanceGuard,
        changes: [InstanceChange],
        cancelling fault: Fault? = nil
    ) async throws(StoreError) -> OperationBeginning {
        try await storeTransaction { transaction in
            guard let begun = try await transaction.operations.create(operation) else {
                return try await transaction.repeated(operation)
            }
            let instance = try await transaction.instances.update(
                operation.instanceUUID, guard: instanceGuard, changes)
            if let fault {
                try await transaction.operations.cancelOthers(than: begun, fault: fault)
            }
            return .begun(begun, instance)
        }
    }

    /// What an earlier request with this key began; nil: there was none. Refuses another request's key
    /// (`.idempotencyKeyReused`).
    package func beginning(
        userID: String, key: ObjectID, digest: [UInt8]
    ) async throws(StoreError) -> OperationBeginning? {
        guard let operation = try await operations.begun(userID: userID, key: key, digest: digest) else { return nil }
        guard let instance = try await instances.get(operation.instanceUUID) else {
            throw StoreError(.internal, "operation \(operation.uuid) is of an instance that is not stored")
        }
        return .repeated(operation, instance)
    }

    /// Applies the next reports of a host, each exactly once, in one transaction; returns the number up to which all
    /// are applied.
    ///
    /// Those applied before are skipped, a gap is refused (`.reportGap`), and so is an attachment that is not the
    /// host's newest any more (`.fenced`). When the body throws, none of them is applied.
    package func applyReports(
        _ reports: [Report],
        attachment: HostAttachment,
        apply: (Report, StoreTransaction) async throws -> Void
    ) async throws -> UInt64 {
        try await transaction { transaction in
            let before = try await transaction.hosts.lockJournal(attachment)
            var appliedThrough = before
            for report in reports {
                guard let sequence = report.sequence, sequence > 0 else {
                    throw StoreError(.invalidArgument, "a report has no sequence number")
                }
                if sequence <= appliedThrough { continue }
                guard sequence == appliedThrough + 1 else {
                    throw StoreError(
                        .reportGap, "report \(sequence) came where report \(appliedThrough + 1) is the next")
                }
                try await apply(report, transaction)
                appliedThrough = sequence
            }
            if appliedThrough != before {
                try await transaction.hosts.advanceJournal(attachment, to: appliedThrough)
            }
            return appliedThrough
        }
    }
}

extension StoreTransaction {
    fileprivate func repeated(_ operation: NewOperation) async throws(StoreError) -> OperationBeginning {
        guard let key = operation.idempotencyKey,
            let first = try await operations.begun(
                userID: operation.userID, key: key, digest: operation.requestDigest),
            let instance = try await instances.get(first.instanceUUID)
        else {
            throw StoreError(.internal, "an operation was refused as a repeat of one that is not stored")
        }
        return .repeated(first, instance)
    }
}
