internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects

/// What hosts of other releases understand.
///
/// A host's manifest comes with its connection, which another conductor may hold; its service version is in its row, and
/// of each earlier release it is known what that one understands.
struct HostManifests: Sendable {
    /// A release and what it understands.
    struct Known: Sendable {
        var serviceVersion: UInt32
        var manifest: Manifest
    }

    /// Those of earlier releases, in any order.
    private let earlier: [Known]
    private let serviceVersion: UInt32

    init(_ earlier: [Known] = HostManifests.released, serviceVersion: UInt32 = Release.serviceVersion) {
        self.earlier = earlier
        self.serviceVersion = serviceVersion
    }

    /// Those of the frozen releases.
    static let released: [Known] = ComputeManifest.releases.map {
        Known(serviceVersion: $0.serviceVersion, manifest: $0.manifest)
    }

    /// What a host of that service version understands; nil: everything that this build does.
    ///
    /// Between two releases that are known the older one's counts.
    func manifest(ofServiceVersion version: UInt32) -> Manifest? {
        guard version < serviceVersion else { return nil }
        let notNewer = earlier.filter { $0.serviceVersion <= version }.max { $0.serviceVersion < $1.serviceVersion }
        return (notNewer ?? earlier.min { $0.serviceVersion < $1.serviceVersion })?.manifest
    }
}

/// Tells for one instance which hosts can be told of it; asks once for each service version.
struct HostUnderstanding {
    private let manifests: HostManifests
    private let request: ExecuteRequest
    private var refusals: [UInt32: String?] = [:]

    init(of instance: InstanceRecord, manifests: HostManifests = HostManifests()) {
        self.manifests = manifests
        var request = ExecuteRequest()
        request.directive = Directive(creating: instance)
        self.request = request
    }

    mutating func untellable(to host: HostRecord) -> Untellable? {
        let refusal: String?
        if let known = refusals[host.serviceVersion] {
            refusal = known
        } else {
            refusal = self.refusal(serviceVersion: host.serviceVersion)
            refusals[host.serviceVersion] = .some(refusal)
        }
        return refusal.map { Untellable(release: host.release, what: $0) }
    }

    private func refusal(serviceVersion: UInt32) -> String? {
        guard let manifest = manifests.manifest(ofServiceVersion: serviceVersion) else { return nil }
        do throws(ObjectError) {
            _ = try request.encoding(for: manifest)
            return nil
        } catch {
            return error.field ?? error.message
        }
    }
}
