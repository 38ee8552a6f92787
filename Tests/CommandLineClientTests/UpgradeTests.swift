import CommandLineClient
import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite("Upgrades in words")
struct UpgradeTests {
    private static func service(
        _ binary: String, _ name: String, _ version: UInt32, up: Bool = true
    ) -> Service {
        var service = Service()
        service.binary = binary
        service.name = name
        service.release = "0.\(version).0"
        service.version = version
        service.up = up
        service.lastSeenUp = Timestamp(microsecondsSinceEpoch: 1_700_000_000_000_000)
        service.versionSince = Timestamp(microsecondsSinceEpoch: 1_600_000_000_000_000)
        return service
    }

    private static func migration(
        _ version: UInt32, _ name: String, _ phase: MigrationPhase, _ state: MigrationState
    ) -> MigrationStatus {
        var migration = MigrationStatus()
        migration.version = version
        migration.name = name
        migration.phase = phase
        migration.state = state
        migration.oldestServiceVersion = phase == .contract ? 2 : 1
        return migration
    }

    /// As a conductor of release 0.2 tells it.
    private static func status(
        _ services: [Service], gates: [FeatureGateStatus] = [], migrations: [MigrationStatus] = []
    ) -> UpgradeStatus {
        var status = UpgradeStatus()
        status.release = "0.2.0"
        status.serviceVersion = 2
        status.oldestServiceVersion = 1
        status.fleetServiceVersion = services.filter { $0.up == true }.map { $0.version ?? 0 }.min()
        status.schemaOldestServiceVersion = 1
        status.services = services
        status.gates = gates
        status.migrations = migrations
        return status
    }

    private static var halfWay: UpgradeStatus {
        var gate = FeatureGateStatus()
        gate.name = "pause"
        gate.serviceVersion = 2
        gate.open = false
        gate.heldBy = [service("stator-compute", "h1", 1)]
        gate.heldByCount = 7
        var move = migration(3, "move", .online, .running)
        move.rowsDone = 10
        move.rowsTotal = 25
        var drop = migration(4, "drop", .contract, .pending)
        drop.heldBy = [service("stator-compute", "h1", 1)]
        drop.heldByCount = 1
        return status(
            [service("stator-compute", "h1", 1), service("stator-conductor", "c1", 2)], gates: [gate],
            migrations: [migration(2, "split", .expand, .pending), move, drop])
    }

    @Test func `status shows who runs what, what is held by whom and what the database needs`() {
        #expect(
            UpgradeReport.status(Self.halfWay) == """
                release 0.2.0, service version 2, works with service version 1 and later
                2 of 2 services are up; all that count have at least service version 1
                the database works with service version 1 and later

                BINARY            NAME  STATE  RELEASE  VERSION  SINCE                 LAST_SEEN_UP          ADDRESS
                stator-compute    h1    up     0.1.0          1  2020-09-13T12:26:40Z  2023-11-14T22:13:20Z  -
                stator-conductor  c1    up     0.2.0          2  2020-09-13T12:26:40Z  2023-11-14T22:13:20Z  -

                GATE   VERSION  STATE   HELD_BY
                pause        2  closed  stator-compute h1 and 6 more

                MIGRATION  NAME   PHASE     STATE     ROWS  FOR_VERSION  HELD_BY
                        2  split  expand    pending      -            1  -
                        3  move   online    running  10/25            1  -
                        4  drop   contract  pending      -            2  stator-compute h1

                """)
    }

    @Test func `the steps of an upgrade come in order, with the names of those that are left`() {
        #expect(
            UpgradeAdvice(Self.halfWay).steps.map { String($0.prefix(40)) } == [
                "`stator-conductor migrate --expand` of t", "upgrade and restart these, one after the",
                "`stator-conductor migrate --online`, aga", "nothing to do for 'pause': opens by itse",
                "when you are sure not to go back: `stato",
            ])
        let plan = UpgradeAdvice(Self.halfWay).planText
        #expect(plan.contains("2. upgrade and restart these, one after the other, in any order: stator-compute 'h1' "))
        #expect(!plan.contains("'c1'"))
    }

    @Test func `a fleet of one release with nothing pending is ready and has no steps`() {
        let advice = UpgradeAdvice(
            Self.status(
                [Self.service("stator-conductor", "c1", 2)], migrations: [Self.migration(1, "initial", .expand, .done)])
        )
        #expect(advice.severity == .note)
        #expect(advice.findings.isEmpty)
        #expect(advice.checkText == "ready: every service that is known is up and of one release\n")
        #expect(advice.planText.hasPrefix("nothing to do: all services that are up have service version 2."))
    }

    @Test func `a service that is down is told of and holds nothing back`() {
        let advice = UpgradeAdvice(
            Self.status([Self.service("stator-conductor", "c1", 2), Self.service("stator-compute", "h1", 1, up: false)])
        )
        #expect(advice.severity == .note)
        #expect(advice.steps.isEmpty)
        #expect(
            advice.checkText
                == "note: stator-compute 'h1' (release 0.1.0, service version 1) is down since 2023-11-14T22:13:20Z; "
                + "it holds nothing back, and comes back as it is\nready\n")
    }

    @Test func `a service that has just gone down is waited for`() {
        let gone = Self.service("stator-compute", "h1", 1, up: false)
        var gate = FeatureGateStatus()
        gate.name = "pause"
        gate.serviceVersion = 2
        gate.open = false
        gate.heldBy = [gone]
        gate.heldByCount = 1
        let advice = UpgradeAdvice(Self.status([Self.service("stator-conductor", "c1", 2), gone], gates: [gate]))
        #expect(
            advice.findings.first?.text
                == "stator-compute 'h1' (release 0.1.0, service version 1) is down since 2023-11-14T22:13:20Z; "
                + "it may be restarting and is waited for")
    }

    @Test func `a service one release behind is something to do, two releases behind an error, which comes first`() {
        let one = UpgradeAdvice(
            Self.status([Self.service("stator-conductor", "c1", 2), Self.service("stator-compute", "h1", 1)]))
        #expect(one.severity == .toDo)
        #expect(
            one.findings.map(\.text) == [
                "to be upgraded to service version 2: stator-compute 'h1' (release 0.1.0, service version 1)"
            ])
        let two = UpgradeAdvice(
            Self.status([
                Self.service("stator-api", "a1", 2), Self.service("stator-compute", "h1", 1),
                Self.service("stator-conductor", "c1", 3),
            ]))
        #expect(two.findings.map(\.severity) == [.error, .toDo, .note])
        #expect(two.findings.first?.text.contains("is 2 releases behind service version 3") == true)
        #expect(two.checkText.hasSuffix("not ready\n"))
    }

    @Test func `a service that the release does not work with is an error`() {
        var status = Self.status([Self.service("stator-compute", "h1", 0), Self.service("stator-conductor", "c1", 2)])
        status.oldestServiceVersion = 1
        let advice = UpgradeAdvice(status)
        #expect(advice.severity == .error)
        #expect(advice.findings.count { $0.severity == .error } == 1)
    }

    @Test func `contracting is offered when nobody is in its way, and said to be final`() {
        let advice = UpgradeAdvice(
            Self.status(
                [Self.service("stator-conductor", "c1", 2)],
                migrations: [Self.migration(4, "drop", .contract, .pending)]))
        #expect(advice.severity == .toDo)
        #expect(advice.findings.first?.text.contains("is possible: `stator-conductor migrate --contract`") == true)
        #expect(advice.findings.first?.text.contains("no way back") == true)
    }

    @Test func `names from outside reach no terminal with control characters`() {
        let evil = Self.service("stator-compute", "h\u{1B}[2J", 1)
        let status = Self.status([evil, Self.service("stator-conductor", "c1", 2)])
        for text in [UpgradeReport.status(status), UpgradeAdvice(status).checkText, UpgradeAdvice(status).planText] {
            #expect(!text.contains("\u{1B}"))
        }
    }

    // MARK: The built command

    @Test func `check ends with 0, 1 or 2 and prints why, plan and status print theirs`() async throws {
        try await FakeAPI.with(callerClass: "operator") { api, stator in
            api.prepare { $0.upgrade = Self.status([Self.service("stator-conductor", "c1", 2)]) }
            let ready = try await stator(["upgrade", "check"])
            #expect(ready.status == .status(0))
            #expect(ready.output == "ready: every service that is known is up and of one release\n")

            api.prepare { $0.upgrade = Self.halfWay }
            let toDo = try await stator(["upgrade", "check"])
            #expect(toDo.status == .status(1))
            #expect(toDo.output.hasPrefix("to do: "))
            let plan = try await stator(["upgrade", "plan"])
            #expect(plan.status == .status(0))
            #expect(plan.output == UpgradeAdvice(Self.halfWay).planText)
            let status = try await stator(["upgrade", "status"])
            #expect(status.output == UpgradeReport.status(Self.halfWay))
            let json = try await stator(["upgrade", "status", "--json"])
            #expect(json.output == Self.halfWay.jsonDescription + "\n")

            api.prepare {
                $0.upgrade = Self.status([
                    Self.service("stator-compute", "h1", 1), Self.service("stator-conductor", "c1", 3),
                ])
            }
            let wrong = try await stator(["upgrade", "check"])
            #expect(wrong.status == .status(2))
            #expect(wrong.errorOutput == "stator: something is wrong\n")
        }
    }

    @Test func `a check that cannot be made ends with 2`() async throws {
        try await FakeAPI.with { _, stator in
            let refused = try await stator(["upgrade", "check"])
            #expect(refused.status == .status(2))
            #expect(refused.output.isEmpty)
            // Elsewhere a refusal is status 1.
            let status = try await stator(["upgrade", "status"])
            #expect(status.status == .status(1))
            #expect(status.errorOutput.contains("this command takes an operator's certificate"))
        }
    }
}
