package import ComputeMessages
internal import ComputeObjects
package import StatorObjects

/// What hosts of other releases understand.
///
/// A host's manifest comes with its connection, which another conductor may hold; its service version is in its row,
/// and of each earlier release it is known what that one understands.
package struct HostManifests: Sendable {
    /// A release and what it understands.
    package struct Known: Sendable {
        package var serviceVersion: UInt32
        package var manifest: Manifest

        package init(serviceVersion: UInt32, manifest: Manifest) {
            self.serviceVersion = serviceVersion
            self.manifest = manifest
        }
    }

    /// Those of earlier releases, in any order.
    private let earlier: [Known]
    private let serviceVersion: UInt32

    package init(_ earlier: [Known] = HostManifests.released, serviceVersion: UInt32 = Release.serviceVersion) {
        self.earlier = earlier
        self.serviceVersion = serviceVersion
    }

    /// Those of the frozen releases.
    package static let released: [Known] = ComputeManifest.releases.map {
        Known(serviceVersion: $0.serviceVersion, manifest: $0.manifest)
    }

    /// What a host of that service version understands; nil: everything that this build does.
    ///
    /// Between two releases that are known the older one's counts.
    package func manifest(ofServiceVersion version: UInt32) -> Manifest? {
        guard version < serviceVersion else { return nil }
        let notNewer = earlier.filter { $0.serviceVersion <= version }.max { $0.serviceVersion < $1.serviceVersion }
        return (notNewer ?? earlier.min { $0.serviceVersion < $1.serviceVersion })?.manifest
    }
}

/// Tells of one directive which hosts can be sent it; works it out once for each service version.
package struct HostUnderstanding {
    private let manifests: HostManifests
    private let request: ExecuteRequest
    private var refusals: [UInt32: String?] = [:]

    package init(of directive: Directive, manifests: HostManifests = HostManifests()) {
        self.manifests = manifests
        var request = ExecuteRequest()
        request.directive = directive
        self.request = request
    }

    /// What a host of that release can't be told; nil: it can be told everything.
    package mutating func untellable(release: String, serviceVersion: UInt32) -> Untellable? {
        let refusal: String?
        if let known = refusals[serviceVersion] {
            refusal = known
        } else {
            refusal = self.refusal(serviceVersion: serviceVersion)
            refusals[serviceVersion] = .some(refusal)
        }
        return refusal.map { Untellable(release: release, what: $0) }
    }

    private func refusal(serviceVersion: UInt32) -> String? {
        guard let manifest = manifests.manifest(ofServiceVersion: serviceVersion) else { return nil }
        do throws(ObjectError) {
            try request.canLower(to: manifest)
            return nil
        } catch {
            return error.field ?? error.message
        }
    }
}
