internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

/// What operators and services want of the fleet and of the catalogue.
struct FleetRequests: Sendable {
    static let updateAttemptsMax = 16

    let store: Store

    // MARK: Hosts

    func hosts(for scope: RequesterScope) async throws -> [HostRecord] {
        try scope.requireOperator(to: "see hosts")
        return try await store.hosts.list()
    }

    func host(_ reference: String?, for scope: RequesterScope) async throws -> (HostRecord, [Image]) {
        try scope.requireOperator(to: "see hosts")
        let record = try await find(reference)
        return (record, try await store.images.list(hostID: record.uuid))
    }

    /// Stops or resumes placing on a host.
    func update(_ request: UpdateHostRequest, for scope: RequesterScope) async throws -> HostRecord {
        try scope.requireOperator(to: "change hosts")
        for _ in 1...Self.updateAttemptsMax {
            let record = try await find(request.host)
            guard let disabled = request.disabled else { return record }
            let reason = disabled ? request.disabledReason : nil
            if let updated = try await setDisabled(record, disabled, reason) { return updated }
        }
        throw ConductorError(.contended, "the host changes too often; try again")
    }

    /// Nil when somebody else changed the host since it was read.
    private func setDisabled(
        _ record: HostRecord, _ disabled: Bool, _ reason: String?
    ) async throws(StoreError) -> HostRecord? {
        do throws(StoreError) {
            return try await store.hosts.setDisabled(
                record.uuid, generation: record.generation, disabled: disabled, reason: reason)
        } catch {
            if error.isRetryable { return nil }
            throw error
        }
    }

    private func find(_ reference: String?) async throws -> HostRecord {
        let reference = try required(reference, "host")
        do throws(StoreError) {
            return try await store.hosts.find(reference)
        } catch {
            throw error.explained(lookingUp: "host", reference)
        }
    }

    // MARK: Catalogue

    func createFlavor(_ flavor: Flavor?, for scope: RequesterScope) async throws -> Flavor {
        try scope.requireOperator(to: "create flavors")
        guard let flavor else {
            throw ConductorError(.invalid, "the request has no flavor")
        }
        try checkName(flavor.name, field: "flavor.name")
        try Self.check(flavor.vcpus, in: ComputeLimits.flavorVcpus, field: "flavor.vcpus")
        try Self.check(flavor.memoryMb, in: ComputeLimits.flavorMemoryMb, field: "flavor.memory_mb")
        try Self.check(flavor.rootGb, in: ComputeLimits.flavorRootGb, field: "flavor.root_gb")
        var new = Flavor()
        new.uuid = .random()
        new.name = flavor.name
        new.vcpus = flavor.vcpus
        new.memoryMb = flavor.memoryMb
        new.rootGb = flavor.rootGb
        new.description = flavor.description
        do throws(StoreError) {
            return try await store.flavors.create(new)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            return try await existing(new)
        }
    }

    /// An equal flavor of that name is what a repeat of the request finds; another one is a mistake.
    private func existing(_ new: Flavor) async throws -> Flavor {
        let name = new.name ?? ""
        let found = try await store.flavors.find(name)
        guard found.vcpus == new.vcpus, found.memoryMb == new.memoryMb, found.rootGb == new.rootGb,
            found.description == new.description
        else {
            throw ConductorError(
                .alreadyExists, "there is a flavor '\(name)' of another size; `stator flavor list` shows it")
        }
        return found
    }

    private static func check(
        _ value: UInt32?, in range: ClosedRange<UInt32>, field: String
    ) throws(ConductorError) {
        guard let value, range.contains(value) else {
            let given = value.map { "is \($0)" } ?? "is missing"
            throw ConductorError(.invalid, "\(field) \(given); it takes \(range.lowerBound) to \(range.upperBound)")
        }
    }

    // MARK: Services

    /// An API's registration, or its renewal; the name must be the certificate's.
    func register(_ service: Service?, callerName: String) async throws -> ServiceRecord {
        guard let service, service.name == callerName else {
            throw ConductorError(.forbidden, "a service registers under the name of its certificate, '\(callerName)'")
        }
        guard service.binary == "stator-api" else {
            throw ConductorError(.forbidden, "only stator-api registers in this way")
        }
        return try await store.services.register(
            binary: "stator-api", name: callerName, release: service.release ?? "", version: service.version ?? 0,
            address: service.address, lease: Leases.service)
    }
}
