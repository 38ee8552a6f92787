internal import ComputeMessages
internal import Logging
internal import StatorObjects

// What the agent does without being told: carrying on after a restart, watching guests, comparing with the conductor.
extension InstanceOperations {
    /// Every so many looks at which guests run, each running guest is also asked how it is.
    private static let sweepsPerInquiry = 15

    /// Reads the records and takes up what was pending when the agent last ended. Before `run()`.
    func recover() async throws(AgentError) {
        let store = store
        let journal = reports.journal
        let (loaded, journalled) = try await files.run { () throws(AgentError) in
            (try store.load(), try journal.pendingReports())
        }
        for record in loaded { records[record.id] = record }
        for record in loaded {
            try await reportUnwritten(record, journalled)
            for operation in record.pendingOperations {
                logger.info("carrying on", metadata: Self.metadata(operation.kind, operation.id, record.id))
                enqueue(.operation(operation.id, isRecovered: true), for: record.id)
            }
        }
        await warnOfUnknownGuests()
    }

    /// Outcomes that were decided, but whose report may not have been written.
    private func reportUnwritten(_ record: InstanceRecord, _ journalled: [Report]) async throws(AgentError) {
        let journal = reports.journal
        for operation in record.operations where operation.sequence == nil {
            guard case .reported(var report) = operation.outcome else { continue }
            var sequence = journalled.last { $0.operationId == operation.id }?.sequence
            if sequence == nil {
                report.bootEpoch = reports.bootEpoch
                let final = report
                sequence = try await files.run { () throws(AgentError) in try journal.append(final) }
            }
            records[record.id]?.update(operation.id) { $0.sequence = sequence }
            _ = await persist(record.id)
        }
    }

    private func warnOfUnknownGuests() async {
        guard let guests = try? await runner.driver.guests() else { return }
        for id in guests where records[id] == nil {
            logger.warning("a guest that no record knows is left alone", metadata: ["instance": "\(id)"])
        }
    }

    // MARK: Watching

    /// Looks which guests run; one that changed by itself is reported.
    func sweep() async {
        let guests = records.values.filter(\.hasGuest).map(\.id)
        let alive = await runner.driver.running(among: guests)
        await runner.driver.trimConsoles(of: guests)
        sweepCount += 1
        for id in guests where !isBusy(id) {
            let wasRunning = records[id]?.reportedPower.map { $0 != .shutdown && $0 != .crashed }
            let isInquiry = alive.contains(id) && sweepCount.isMultiple(of: Self.sweepsPerInquiry)
            if isInquiry || wasRunning != alive.contains(id) { enqueue(.observe(force: false), for: id) }
        }
    }

    /// Looks closely at one guest.
    func observe(_ id: ObjectID, force: Bool) async {
        if let record = records[id], !record.hasGuest { return }
        let state: PowerState
        do throws(DriverError) {
            // A guest whose files are gone died in no orderly way.
            state = try await runner.driver.powerState(of: id) ?? .crashed
        } catch {
            logger.warning("a guest cannot be examined", metadata: ["instance": "\(id)", "reason": "\(error)"])
            return
        }
        guard state != .pending, force || records[id]?.reportedPower != state else { return }
        logger.notice("the guest changed by itself", metadata: ["instance": "\(id)", "power_state": "\(state)"])
        let report = reports.report(.observed, instance: id, powerState: state)
        guard await reports.write(report) != nil, records[id] != nil else { return }
        records[id]?.reportedPower = state
        _ = await persist(id)
    }

    // MARK: Comparing

    /// Compares what the conductor places here with what is here.
    func reconcile(with listed: [Instance]) async throws(AgentError) {
        let journal = reports.journal
        let unsent = try await files.run { () throws(AgentError) in
            Set(try journal.pendingReports().compactMap { $0.instance?.uuid })
        }
        let instances = listed.compactMap { instance in instance.uuid.map { ($0, instance) } }
        let byID = Dictionary(instances) { first, _ in first }
        for id in Set(byID.keys).union(records.values.filter(\.hasGuest).map(\.id)) {
            let local = (try? await runner.driver.powerState(of: id)) ?? nil
            let decision = Reconciliation.decide(
                listed: byID[id], local: local, isBusy: isBusy(id) || unsent.contains(id))
            switch decision {
            case .nothing:
                break
            case .reportObserved:
                enqueue(.observe(force: true), for: id)
            case .warnUnlisted:
                logger.warning(
                    "a guest that the conductor does not place here is left alone", metadata: ["instance": "\(id)"])
            }
        }
    }

    /// Whether the instance has, or may have, a console here.
    func hasInstance(_ id: ObjectID) -> Bool {
        records[id].map { !$0.isDeleted } ?? false
    }
}
