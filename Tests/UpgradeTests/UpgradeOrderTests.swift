import ClusterSupport
import Testing

@Suite struct UpgradeOrderTests {
    private let services = TestCluster.Daemon.all

    @Test func `five services have 120 orders, each once`() {
        #expect(Set(UpgradeOrder.all).count == 120)
        #expect(UpgradeOrder.all.allSatisfy { Set($0.daemons) == Set(services) && $0.daemons.count == 5 })
    }

    @Test func `the selection has every service first and last equally often, and nothing twice`() {
        for seed in UInt64(0)..<50 {
            let orders = UpgradeOrder.selection(count: 10, seed: seed)
            #expect(Set(orders).count == 10)
            for service in services {
                #expect(orders.count { $0.daemons.first == service } == 2, "seed \(seed)")
                #expect(orders.count { $0.daemons.last == service } == 2, "seed \(seed)")
            }
            #expect(UpgradeOrder.selection(count: 10, seed: seed) == orders)
        }
    }

    @Test func `a selection of all is all, and of one more than can be balanced is as many as asked for`() {
        #expect(UpgradeOrder.selection(count: 120, seed: 1) == UpgradeOrder.all)
        #expect(UpgradeOrder.selection(count: 500, seed: 1) == UpgradeOrder.all)
        #expect(Set(UpgradeOrder.selection(count: 119, seed: 1)).count == 119)
        #expect(UpgradeOrder.selection(count: 3, seed: 1).count == 3)
    }

    @Test func `over all orders the services also go back in every order`() {
        #expect(Set(UpgradeOrder.all.map(\.wayBack)) == Set(UpgradeOrder.all))
        #expect(UpgradeOrder.all.allSatisfy { $0.wayBack != $0 })
    }
}
