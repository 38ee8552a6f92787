import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite("What hosts of other releases can be told")
struct HostUnderstandingTests {
    /// A release of which the Instance was at that version, in a fleet that is at service version 3.
    private static func known(_ serviceVersion: UInt32, instance: ObjectVersion) -> HostManifests.Known {
        var versions = ComputeManifest.current.versions
        versions["stator.v1.Instance"] = instance
        return HostManifests.Known(serviceVersion: serviceVersion, manifest: Manifest(versions))
    }

    private static let manifests = HostManifests(
        [known(1, instance: ObjectVersion(1, 0)), known(2, instance: ObjectVersion(1, 1))], serviceVersion: 3)

    private static func directive(userData: [UInt8]?) -> Directive {
        var instance = Instance()
        instance.uuid = ObjectID(high: 1, low: 1)
        instance.displayDescription = "dropped where it is not known"
        instance.userData = userData
        var directive = Directive()
        directive.kind = .create
        directive.instance = instance
        return directive
    }

    @Test func `a host is told at the newest release that is not newer than its own`() {
        #expect(Self.manifests.manifest(ofServiceVersion: 3) == nil)
        #expect(Self.manifests.manifest(ofServiceVersion: 4) == nil)
        let second = Self.manifests.manifest(ofServiceVersion: 2)?.versions["stator.v1.Instance"]
        #expect(second == ObjectVersion(1, 1))
        let first = Self.manifests.manifest(ofServiceVersion: 1)?.versions["stator.v1.Instance"]
        #expect(first == ObjectVersion(1, 0))
        // Older than all that are known: the oldest is the best guess.
        let unknown = Self.manifests.manifest(ofServiceVersion: 0)?.versions["stator.v1.Instance"]
        #expect(unknown == ObjectVersion(1, 0))
    }

    @Test func `what must not be dropped keeps an instance off hosts that cannot be told it`() {
        var understanding = HostUnderstanding(of: Self.directive(userData: [1]), manifests: Self.manifests)
        let old = understanding.untellable(release: "0.1.0", serviceVersion: 1)
        #expect(old == Untellable(release: "0.1.0", what: "user_data"))
        let again = understanding.untellable(release: "0.1.1", serviceVersion: 1)
        #expect(again == Untellable(release: "0.1.1", what: "user_data"))
        let newer = understanding.untellable(release: "0.2.0", serviceVersion: 2)
        #expect(newer == nil)
    }

    @Test func `what may be dropped keeps no instance off any host`() {
        var understanding = HostUnderstanding(of: Self.directive(userData: nil), manifests: Self.manifests)
        let old = understanding.untellable(release: "0.1.0", serviceVersion: 1)
        #expect(old == nil)
    }
}
