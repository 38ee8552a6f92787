internal import ComputeMessages
internal import StatorObjects

/// Reads the hosts that an instance may go to and lets placement choose.
struct HostSelection {
    /// The heaviest so many are read; more would not change the choice.
    static let candidateCountMax = 16

    let store: Store
    var manifests = HostManifests()

    /// `awaitsReturn`: a host that would do and is away is waited for, however long it has been away.
    func choose(
        for instance: InstanceRecord, now: Timestamp, awaitsReturn: Bool
    ) async throws(StoreError) -> Placement.Choice {
        let claim = ResourceClaim(placing: instance)
        guard let image = instance.image.identity else {
            return .none("no valid host: the image of the instance has no checksum")
        }
        let request = PlacementRequest(
            resources: claim, image: image, serviceVersion: instance.neededServiceVersion)
        var understanding = HostUnderstanding(of: Directive(creating: instance), manifests: manifests)
        let candidates = try await store.hosts.candidates(
            for: claim, image: instance.image, serviceVersion: instance.neededServiceVersion,
            limit: Self.candidateCountMax)
        let choice = Placement.choose(
            among: candidates.map {
                HostCandidate($0, images: [image], untellable: understanding.untellable(for: $0), now: now)
            }, for: request)
        if case .host = choice { return choice }
        return try await explain(request, &understanding, now: now, awaitsReturn: awaitsReturn)
    }

    /// No host took it: reads all of them, to tell why, or to find the one that has become free meanwhile.
    private func explain(
        _ request: PlacementRequest, _ understanding: inout HostUnderstanding, now: Timestamp, awaitsReturn: Bool
    ) async throws(StoreError) -> Placement.Choice {
        var hosts: [HostCandidate] = []
        for record in try await store.hosts.list() {
            var host = HostCandidate(
                record, images: [], untellable: understanding.untellable(for: record), now: now)
            if awaitsReturn { host.mayReturn = true }
            let wouldDo = PlacementFilter.allCases.allSatisfy {
                $0 == .image || $0 == .up || $0.passes(host, for: request)
            }
            if wouldDo {
                host.images = Set(try await store.images.list(hostID: record.uuid).compactMap(\.identity))
            }
            hosts.append(host)
        }
        return Placement.choose(among: hosts, for: request)
    }
}

extension HostCandidate {
    init(_ record: HostRecord, images: Set<ImageIdentity>, untellable: Untellable?, now: Timestamp) {
        let recently = now.advanced(by: .zero - HostReturn.period)
        self.init(
            id: record.uuid, name: record.name, generation: record.generation, isDisabled: record.disabled,
            isUp: record.isUp, mayReturn: record.lastSeenUp.map { $0 > recently } ?? false,
            capacity: ResourceClaim(vcpus: record.vcpus, memoryMB: record.memoryMB, diskGB: record.localGB),
            used: ResourceClaim(
                vcpus: record.vcpusUsed, memoryMB: record.memoryMBUsed, diskGB: record.localGBUsed),
            images: images, serviceVersion: record.serviceVersion, untellable: untellable)
    }
}

extension Image {
    /// Nil when it does not say which image it is.
    var identity: ImageIdentity? {
        guard let uuid, let checksum else { return nil }
        return ImageIdentity(uuid: uuid, checksum: checksum)
    }
}

extension ResourceClaim {
    /// What an instance takes of its host.
    init(placing instance: InstanceRecord) {
        self.init(vcpus: instance.vcpus, memoryMB: instance.memoryMB, diskGB: instance.rootGB)
    }
}

extension HostUnderstanding {
    fileprivate mutating func untellable(for host: HostRecord) -> Untellable? {
        untellable(release: host.release, serviceVersion: host.serviceVersion)
    }
}
