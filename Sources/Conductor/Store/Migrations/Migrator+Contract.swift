internal import ComputeMessages
internal import ComputeObjects
internal import Logging

// Taking away what only older releases need.
extension Migrator {
    /// A service that was last seen up so short a time ago may be restarting and is asked for all the same.
    package static let goneAfter: Duration = .seconds(10 * 60)

    /// Applies the contracting migrations, or says why not: an online migration has rows left, or a service that is up
    /// (or was last seen up less than `goneAfter` ago, and so may come back) is older than what the schema would then need.
    ///
    /// No service can register between the look and the commit. One that is older and comes later is refused by the
    /// schema.
    package func contract(goneAfter: Duration = goneAfter) async throws(StoreError) -> ContractOutcome {
        var applied: [Migration] = []
        var isComplete = false
        while !isComplete {
            let step = try await exclusively { session throws(StoreError) in
                try await contractNext(session, goneAfter: goneAfter)
            }
            switch step {
            case .nothing: isComplete = true
            case .refused(let reasons): return .refused(reasons)
            case .applied(let migration):
                note(migration)
                applied.append(migration)
            }
        }
        return .applied(applied)
    }

    /// Who keeps a migration from being applied: of these services those that are older than it leaves room for.
    static func holders(of oldestServiceVersion: UInt32, _ services: [ServiceRecord]) -> [Service] {
        Fleet.inOrder(services.filter { $0.version < oldestServiceVersion }.map(\.message))
    }

    private enum ContractStep: Sendable {
        case nothing
        case refused([String])
        case applied(Migration)
    }

    private func contractNext(
        _ session: StoreSession, goneAfter: Duration
    ) async throws(StoreError) -> ContractStep {
        let status = try await status(session)
        let pending = Set(status.pending(.contract).map(\.version))
        guard let next = migrations.first(where: { pending.contains($0.version) }) else { return .nothing }
        var reasons = status.pending(.expand).map { missing in
            "migration \(missing.version) (\(missing.name)) is not applied: run `stator-conductor migrate --expand`"
        }
        if reasons.isEmpty {
            reasons += try await rowsInOldForm(before: next, session)
            reasons += try await services(olderThan: next, session, goneAfter: goneAfter)
        }
        guard reasons.isEmpty else { return .refused(reasons) }
        try await apply(next, session)
        return .applied(next)
    }

    /// Counted anew: an older release may have written rows since the online migration was complete.
    private func rowsInOldForm(before next: Migration, _ session: StoreSession) async throws(StoreError) -> [String] {
        var reasons: [String] = []
        let status = try await status(session)
        for migration in migrations where migration.version < next.version {
            guard case .batches(let batches) = migration.work, !status.isContracted(after: migration) else { continue }
            let remaining = try await remaining(batches, of: migration, session)
            if remaining > 0 {
                reasons.append(
                    "migration \(migration.version) (\(migration.name)) has \(remaining) rows left to move: run "
                        + "`stator-conductor migrate --online`")
            }
        }
        return reasons
    }

    private func services(
        olderThan next: Migration, _ session: StoreSession, goneAfter: Duration
    ) async throws(StoreError) -> [String] {
        // Registrations wait until the transaction's end; a conductor that comes then finds the schema contracted.
        try await session.script("LOCK TABLE services, hosts IN SHARE ROW EXCLUSIVE MODE")
        let services = try await ServiceStore(session).fleet(seenWithin: goneAfter)
        return Self.holders(of: next.oldestServiceVersion, services).map { service in
            let absence = service.up == true ? "" : ", which went away less than \(goneAfter.components.seconds) s ago,"
            return "\(service.title)\(absence) needs what migration \(next.version) (\(next.name)) takes away; it is "
                + "for service version \(next.oldestServiceVersion) and later"
        }
    }
}
