import Conductor
import Testing

@Suite struct LeasesTests {
    @Test(arguments: [Leases.operation, Leases.host, Leases.service])
    func `a lease is renewed so often that two renewals may fail`(lease: Duration) {
        #expect(Leases.renewalInterval(of: lease) * 3 <= lease)
    }

    @Test func `a lease goes over the wire in milliseconds`() {
        #expect(Leases.milliseconds(.seconds(15)) == 15_000)
        #expect(Leases.milliseconds(.milliseconds(1500)) == 1500)
        #expect(Leases.milliseconds(.seconds(1 << 40)) == UInt32.max)
    }
}
