package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects

/// How far an upgrade is, for people: who runs what, what that holds back, what the database still needs.
package enum UpgradeReport {
    package static func services(_ services: [Service]) -> String {
        var table = Table([
            Table.Column("BINARY"), Table.Column("NAME"), Table.Column("STATE"), Table.Column("RELEASE"),
            Table.Column("VERSION", .right), Table.Column("SINCE"), Table.Column("LAST_SEEN_UP"),
            Table.Column("ADDRESS"),
        ])
        for service in services {
            table.append([
                service.binary, service.name, Listing.text(up: service.up), service.release,
                service.version?.description, Listing.text(service.versionSince), Listing.text(service.lastSeenUp),
                service.address,
            ])
        }
        return table.text
    }

    package static func status(_ status: UpgradeStatus) -> String {
        [summary(of: status), services(status.services), gates(status.gates), migrations(status.migrations)]
            .joined(separator: "\n")
    }

    private static func summary(of status: UpgradeStatus) -> String {
        let up = status.services.filter { $0.up == true }
        var text = "release \((status.release ?? "unknown").singleLine), "
        text += "service version \(status.serviceVersion ?? 0), "
        text += "works with service version \(status.oldestServiceVersion ?? 0) and later\n"
        text += "\(up.count) of \(status.services.count) services are up; all that count have at least service version "
        text += "\(status.fleetServiceVersion ?? 0)\n"
        text += "the database works with service version \(status.schemaOldestServiceVersion ?? 0) and later\n"
        return text
    }

    private static func gates(_ gates: [FeatureGateStatus]) -> String {
        if gates.isEmpty { return "no feature waits for the fleet\n" }
        var table = Table([
            Table.Column("GATE"), Table.Column("VERSION", .right), Table.Column("STATE"), Table.Column("HELD_BY"),
        ])
        for gate in gates {
            table.append([
                gate.name, gate.serviceVersion?.description, gate.open == true ? "open" : "closed",
                holders(gate.heldBy, count: gate.heldByCount),
            ])
        }
        return table.text
    }

    private static func migrations(_ migrations: [MigrationStatus]) -> String {
        var table = Table([
            Table.Column("MIGRATION", .right), Table.Column("NAME"), Table.Column("PHASE"), Table.Column("STATE"),
            Table.Column("ROWS", .right), Table.Column("FOR_VERSION", .right), Table.Column("HELD_BY"),
        ])
        for migration in migrations {
            table.append([
                migration.version?.description, migration.name, migration.phase?.description,
                migration.state?.description, rows(of: migration), migration.oldestServiceVersion?.description,
                holders(migration.heldBy, count: migration.heldByCount),
            ])
        }
        return table.text
    }

    static func rows(of migration: MigrationStatus) -> String? {
        guard let done = migration.rowsDone, let total = migration.rowsTotal else { return nil }
        return "\(done)/\(total)"
    }

    /// "stator-compute host1, stator-compute host2 and 5 more".
    static func holders(_ services: [Service], count: UInt32?, shownMax: Int = 5) -> String? {
        if services.isEmpty { return nil }
        let names = services.prefix(shownMax).map { "\(($0.binary ?? "").singleLine) \(($0.name ?? "").singleLine)" }
        let rest = max(Int(count ?? 0), services.count) - names.count
        return names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
