package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects

/// What an operator is to do next, worked out from how far an upgrade is; pure.
///
/// The release to come to is that of the conductor that answered, or that of the newest service, if one is newer.
package struct UpgradeAdvice: Sendable, Equatable {
    /// How much a finding matters.
    package enum Severity: Sendable, Comparable {
        /// Worth knowing.
        case note
        /// Something is to be done before the upgrade is over.
        case toDo
        /// Something is wrong and stands in the way.
        case error
    }

    package struct Finding: Sendable, Equatable {
        package var severity: Severity
        package var text: String

        package init(_ severity: Severity, _ text: String) {
            self.severity = severity
            self.text = text
        }
    }

    /// What `check` prints, worst first.
    package private(set) var findings: [Finding] = []
    /// What `plan` prints: the steps from here to the end, in order.
    package private(set) var steps: [String] = []

    private let status: UpgradeStatus

    package init(_ status: UpgradeStatus) {
        self.status = status
        findServices()
        findMigrations()
        findGates()
        findings = findings.enumerated()
            .sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
        plan()
    }

    package var severity: Severity { findings.map(\.severity).max() ?? .note }

    private var up: [Service] { status.services.filter { $0.up == true } }

    /// The service version that the fleet is on its way to.
    private var target: UInt32 { max(up.map(\.serviceVersion).max() ?? 0, status.serviceVersion ?? 0) }

    private var behind: [Service] { up.filter { $0.serviceVersion < target } }

    private func migrations(_ phase: MigrationPhase) -> [MigrationStatus] {
        status.migrations.filter { $0.phase == phase && $0.state != .done }
    }

    /// Whether a gate or a migration is held by it.
    private func isWaitedFor(_ service: Service) -> Bool {
        (status.gates.flatMap(\.heldBy) + status.migrations.flatMap(\.heldBy)).contains {
            $0.binary == service.binary && $0.name == service.name
        }
    }

    // MARK: Findings

    private mutating func findServices() {
        for service in status.services where service.up != true {
            let since = Listing.text(service.lastSeenUp).map { " since \($0)" } ?? ""
            let effect =
                isWaitedFor(service)
                ? "it may be restarting and is waited for" : "it holds nothing back, and comes back as it is"
            findings.append(Finding(.note, "\(service.title) is down\(since); \(effect)"))
        }
        let tooOld = up.filter { $0.serviceVersion < status.oldestServiceVersion ?? 0 }
        for service in tooOld {
            findings.append(
                Finding(
                    .error,
                    "\(service.title) is older than release \((status.release ?? "").singleLine) works with (service "
                        + "version \(status.oldestServiceVersion ?? 0) and later): upgrade it to the release in between "
                        + "first"))
        }
        for service in behind where target - service.serviceVersion >= 2 && !tooOld.contains(service) {
            findings.append(
                Finding(
                    .error,
                    "\(service.title) is \(target - service.serviceVersion) releases behind service version \(target): "
                        + "upgrade it before anything else goes on"))
        }
        let oneBehind = behind.filter { target - $0.serviceVersion == 1 && !tooOld.contains($0) }
        if !oneBehind.isEmpty {
            findings.append(
                Finding(.toDo, "to be upgraded to service version \(target): \(oneBehind.titles(countMax: 20))"))
        }
        if (status.serviceVersion ?? 0) < target {
            findings.append(
                Finding(
                    .note,
                    "this was told by a conductor of release \((status.release ?? "").singleLine), which does not know "
                        + "what newer ones wait for"))
        }
    }

    private mutating func findMigrations() {
        for migration in migrations(.expand) {
            findings.append(Finding(.toDo, "\(title(migration)) is not applied: `stator-conductor migrate --expand`"))
        }
        for migration in migrations(.online) {
            let rows = UpgradeReport.rows(of: migration).map { " (\($0) rows)" } ?? ""
            findings.append(
                Finding(.toDo, "\(title(migration)) is not complete\(rows): `stator-conductor migrate --online`"))
        }
        for migration in migrations(.contract) {
            if let holders = UpgradeReport.holders(migration.heldBy, count: migration.heldByCount) {
                findings.append(
                    Finding(
                        .toDo,
                        "\(title(migration)) waits for service version "
                            + "\(migration.oldestServiceVersion ?? 0) everywhere; held by \(holders)"))
            } else {
                findings.append(
                    Finding(
                        .toDo,
                        "\(title(migration)) is possible: `stator-conductor migrate --contract`; there is no way back "
                            + "to the release before behind it"))
            }
        }
    }

    private mutating func findGates() {
        for gate in status.gates where gate.open != true {
            let holders = UpgradeReport.holders(gate.heldBy, count: gate.heldByCount) ?? "nobody that is known"
            findings.append(
                Finding(
                    .note,
                    "gate '\((gate.name ?? "").singleLine)' is closed until all have service version "
                        + "\(gate.serviceVersion ?? 0); held by \(holders)"))
        }
    }

    private func title(_ migration: MigrationStatus) -> String {
        "migration \(migration.version ?? 0) '\((migration.name ?? "").singleLine)'"
    }

    // MARK: Plan

    private mutating func plan() {
        let expand = migrations(.expand)
        if !expand.isEmpty {
            steps.append(
                "`stator-conductor migrate --expand` of the new release: adds \(names(expand)); the release before "
                    + "serves on")
        }
        let behind = behind
        if !behind.isEmpty {
            steps.append(
                "upgrade and restart these, one after the other, in any order: "
                    + Fleet.inOrder(behind).titles(countMax: 50))
        }
        let online = migrations(.online)
        if !online.isEmpty {
            steps.append(
                "`stator-conductor migrate --online`, again until it ends with 0: moves \(names(online)); at any time "
                    + "from now on, and once more when all conductors are upgraded")
        }
        let closed = status.gates.filter { $0.open != true }
        if !closed.isEmpty {
            let names = closed.map { "'\(($0.name ?? "").singleLine)'" }.joined(separator: ", ")
            steps.append("nothing to do for \(names): opens by itself when the last old service is upgraded or gone")
        }
        let contract = migrations(.contract)
        if !contract.isEmpty {
            steps.append(
                "when you are sure not to go back: `stator-conductor migrate --contract`: takes away "
                    + names(contract))
        }
    }

    private func names(_ migrations: [MigrationStatus]) -> String {
        migrations.map { "'\(($0.name ?? "").singleLine)'" }.joined(separator: ", ")
    }

    // MARK: Text

    package var checkText: String {
        if findings.isEmpty { return "ready: every service that is known is up and of one release\n" }
        return findings.map { finding in
            switch finding.severity {
            case .note: "note: \(finding.text)\n"
            case .toDo: "to do: \(finding.text)\n"
            case .error: "error: \(finding.text)\n"
            }
        }.joined() + verdict
    }

    private var verdict: String {
        switch severity {
        case .note: "ready\n"
        case .toDo: "not over yet: `stator upgrade plan` shows the steps\n"
        case .error: "not ready\n"
        }
    }

    package var planText: String {
        if steps.isEmpty {
            return "nothing to do: all services that are up have service version \(target). To begin an upgrade, "
                + "install the next release beside the running one and run its `stator-conductor migrate --expand`.\n"
        }
        return steps.enumerated().map { "\($0.offset + 1). \($0.element)\n" }.joined()
    }
}
