internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects

/// What operators want to know in the middle of an upgrade.
struct UpgradeRequests: Sendable {
    /// So many holders of one gate or migration are named; all are counted.
    static let holderCountMax = 100

    let store: Store

    func services(binary: String?, for scope: RequesterScope) async throws -> [Service] {
        try scope.requireOperator(to: "see services")
        return try await store.services.fleet(binary: binary).map(\.message)
    }

    func status(for scope: RequesterScope) async throws -> UpgradeStatus {
        try scope.requireOperator(to: "see how an upgrade goes")
        let services = try await store.services.fleet()
        let recent = try await store.services.fleet(seenWithin: Migrator.goneAfter)
        return UpgradeStatus(
            services: services.map(\.message), fleet: try await FeatureGates(store: store).fleet(),
            recentServices: recent, gates: FeatureGate.all, schema: try await store.schemaStatus())
    }
}

extension UpgradeStatus {
    /// - Parameters:
    ///   - services: All, those that are down too.
    ///   - fleet: Those that count for gates.
    ///   - recentServices: Those for which a contraction waits.
    init(
        services: [Service], fleet: Fleet, recentServices: [ServiceRecord], gates: [FeatureGate], schema: SchemaStatus
    ) {
        self.init()
        release = Release.current
        serviceVersion = Release.serviceVersion
        oldestServiceVersion = Release.oldestServiceVersion
        fleetServiceVersion = fleet.serviceVersion
        schemaOldestServiceVersion = schema.oldestServiceVersion
        self.services = Fleet.inOrder(services)
        self.gates = gates.map { FeatureGateStatus($0, fleet: fleet) }
        migrations = schema.migrations.map { MigrationStatus($0, recentServices: recentServices) }
    }
}

extension FeatureGateStatus {
    init(_ gate: FeatureGate, fleet: Fleet) {
        self.init()
        name = gate.name
        description = gate.description
        serviceVersion = gate.serviceVersion
        switch gate.decision(for: fleet) {
        case .open:
            open = true
            heldByCount = 0
        case .closed(let services):
            open = false
            heldBy = Array(services.prefix(UpgradeRequests.holderCountMax))
            heldByCount = UInt32(clamping: services.count)
        }
    }
}

extension MigrationStatus {
    init(_ progress: MigrationProgress, recentServices: [ServiceRecord]) {
        self.init()
        version = UInt32(clamping: progress.version)
        name = progress.name
        phase =
            switch progress.phase {
            case .expand: .expand
            case .online: .online
            case .contract: .contract
            }
        state =
            switch progress.state {
            case .pending: .pending
            case .running: .running
            case .done: .done
            }
        rowsDone = progress.rowsDone
        rowsTotal = progress.rowsTotal
        oldestServiceVersion = progress.oldestServiceVersion
        guard progress.phase == .contract, progress.state != .done else { return }
        let holders = Migrator.holders(of: progress.oldestServiceVersion, recentServices)
        heldBy = Array(holders.prefix(UpgradeRequests.holderCountMax))
        heldByCount = UInt32(clamping: holders.count)
    }
}
