import CommandLineClient
import ComputeMessages
import StatorObjects
import Testing

@Suite struct ListingTests {
    private let id = ObjectID(high: 0xf81d_4fae_7dec_11d0, low: 0xa765_00a0_c91e_6bf6)

    private var server: Instance {
        var flavor = Flavor()
        flavor.name = "tiny"
        var instance = Instance()
        instance.uuid = id
        instance.displayName = "web"
        instance.userId = "alice"
        instance.vmState = .active
        instance.taskState = TaskState.none
        instance.powerState = .running
        instance.host = "host1"
        instance.flavor = flavor
        return instance
    }

    @Test func `servers are listed with what is known of them`() {
        #expect(
            Listing.servers([server], showsOwner: false) == """
                ID                                    NAME  STATE   TASK  POWER    HOST   FLAVOR  IMAGE
                f81d4fae-7dec-11d0-a765-00a0c91e6bf6  web   active  -     running  host1  tiny    -

                """)
    }

    @Test func `an operator sees whose they are`() {
        #expect(Listing.servers([server], showsOwner: true).contains("OWNER"))
        #expect(Listing.servers([server], showsOwner: true).contains("alice"))
    }

    @Test func `a server that does something shows what`() {
        var instance = server
        instance.taskState = .poweringOff
        #expect(Listing.servers([instance], showsOwner: false).contains("powering_off"))
    }

    @Test func `a host shows what is used of what it has`() {
        var host = Host()
        host.name = "host1"
        host.up = true
        host.disabled = true
        host.vcpus = 8
        var usage = HostUsage()
        usage.vcpus = 3
        host.usage = usage
        let lines = Listing.hosts([host]).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.last?.contains("3/8") == true)
        #expect(lines.last?.split(separator: " ").dropFirst().prefix(3) == ["host1", "up", "no"])
    }

    @Test func `an object's fields have the contract's names`() {
        let text = Details.server(server)
        for name in ["uuid", "display_name", "vm_state", "task_state", "power_state", "launched_at"] {
            #expect(text.contains("\n\(name) "), "\(name)")
        }
    }

    @Test func `JSON is one document in one line, and an empty list is a list`() {
        var answer = ListServersResponse()
        #expect(JSONDocument.of(answer, list: "instances") == "{\"instances\":[]}\n")
        answer.instances = [server]
        let text = JSONDocument.of(answer, list: "instances")
        #expect(text.hasPrefix("{\"instances\":[{\"uuid\":\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\""))
        #expect(text.contains("\"vm_state\":\"active\""))
        #expect(text.filter { $0 == "\n" }.count == 1)
    }

    @Test(arguments: [Int64.min, Int64.min + 1, -1, Int64.max])
    func `a time that no clock shows is shown all the same`(microseconds: Int64) {
        var instance = server
        instance.launchedAt = Timestamp(microsecondsSinceEpoch: microseconds)
        #expect(Details.server(instance).contains("launched_at"))
    }
}
