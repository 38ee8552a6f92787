import Conductor
import StatorObjects
import Testing

@Suite struct PlacementTests {
    static let image = ImageIdentity(uuid: ObjectID(high: 9, low: 9), checksum: [1, 2, 3])
    static let request = PlacementRequest(
        resources: ResourceClaim(vcpus: 2, memoryMB: 512, diskGB: 10), image: image, serviceVersion: 2)

    static func host(_ number: UInt64, freeMemory: UInt32 = 4096) -> HostCandidate {
        HostCandidate(
            id: ObjectID(high: 0, low: number), name: "host\(number)", generation: 1,
            capacity: ResourceClaim(vcpus: 8, memoryMB: 8192, diskGB: 100),
            used: ResourceClaim(vcpus: 0, memoryMB: 8192 - freeMemory, diskGB: 0), images: [image])
    }

    static func reason(_ hosts: [HostCandidate]) -> String? {
        if case .none(let reason) = Placement.choose(among: hosts, for: request) { reason } else { nil }
    }

    @Test func `the host with the most free memory is chosen`() {
        let hosts = [Self.host(1, freeMemory: 1024), Self.host(2, freeMemory: 4096), Self.host(3, freeMemory: 2048)]
        #expect(Placement.choose(among: hosts, for: Self.request) == .host(hosts[1]))
    }

    @Test func `equal hosts are told apart by their uuid, in whatever order they come`() {
        let hosts = [Self.host(2), Self.host(1), Self.host(3)]
        #expect(Placement.choose(among: hosts, for: Self.request) == .host(hosts[1]))
        #expect(Placement.choose(among: hosts.reversed(), for: Self.request) == .host(hosts[1]))
    }

    @Test func `a host that is exactly large enough is taken`() {
        var host = Self.host(1, freeMemory: 512)
        host.used.vcpus = 6
        host.used.diskGB = 90
        #expect(Placement.choose(among: [host], for: Self.request) == .host(host))
    }

    @Test(arguments: PlacementFilter.allCases)
    func `each filter keeps a host out`(filter: PlacementFilter) {
        var host = Self.host(1)
        switch filter {
        case .enabled: host.isDisabled = true
        case .up: host.isUp = false
        case .vcpus: host.used.vcpus = 7
        case .memory: host.used.memoryMB = 8000
        case .disk: host.used.diskGB = 91
        case .image: host.images = []
        case .serviceVersion: host.serviceVersion = 1
        case .release: host.untellable = Untellable(release: "0.1.0", what: "user_data")
        }
        #expect(!filter.passes(host, for: Self.request))
        #expect(Placement.choose(among: [host, Self.host(2)], for: Self.request) == .host(Self.host(2)))
        #expect(Self.reason([host]) != nil)
    }

    @Test func `an image of the same uuid with other content is another image`() {
        var host = Self.host(1)
        host.images = [ImageIdentity(uuid: Self.image.uuid, checksum: [9])]
        #expect(Self.reason([host]) == "no valid host: of 1 host, 1 without the image")
    }

    @Test func `a host that uses more than it has, has nothing free`() {
        var host = Self.host(1)
        host.used.memoryMB = 9000
        #expect(Self.reason([host]) == "no valid host: of 1 host, 1 with less than 512 MB of memory free")
    }

    @Test func `a host that may return is waited for, if it would do`() {
        var host = Self.host(1)
        host.isUp = false
        host.mayReturn = true
        let reason = "no valid host: of 1 host, 1 not connected"
        #expect(Placement.choose(among: [host], for: Self.request) == .later(reason))
        host.used.vcpus = 8
        #expect(Placement.choose(among: [host], for: Self.request) == .none(reason))
    }

    @Test func `the reason counts each host once, under the first filter that refuses it`() {
        var disabled = Self.host(1)
        disabled.isDisabled = true
        disabled.isUp = false
        var small = Self.host(2)
        small.used.vcpus = 8
        var away = Self.host(3)
        away.isUp = false
        #expect(
            Self.reason([disabled, small, away, small])
                == "no valid host: of 4 hosts, 1 disabled, 1 not connected, 2 with fewer than 2 vCPUs free")
    }

    @Test func `what hosts of a release cannot be told is counted by release and field`() {
        var hosts = (1...4).map { Self.host($0) }
        hosts[0].untellable = Untellable(release: "0.2.0", what: "cpu_model")
        hosts[1].untellable = Untellable(release: "0.1.0", what: "user_data")
        hosts[2].untellable = Untellable(release: "0.1.0", what: "user_data")
        hosts[3].serviceVersion = 1
        #expect(
            Self.reason(hosts)
                == "no valid host: of 4 hosts, 1 below service version 2, 2 of release 0.1.0 that cannot be told "
                + "user_data, 1 of release 0.2.0 that cannot be told cpu_model")
    }

    @Test func `without hosts the reason says so`() {
        #expect(Self.reason([]) == "no valid host: no host has registered yet")
    }
}
