import ClusterSupport

/// In which order the five services are restarted with the other release.
struct UpgradeOrder: Hashable, CustomStringConvertible {
    let daemons: [TestCluster.Daemon]

    var description: String { daemons.map(\.name).joined(separator: " ") }

    /// All of them, in a fixed order: 120 for five services.
    static let all: [UpgradeOrder] = permutations(of: TestCluster.Daemon.all).map { UpgradeOrder(daemons: $0) }

    /// So many different orders, in each five of which every service is the first once and the last once.
    static func selection(count: Int, seed: UInt64) -> [UpgradeOrder] {
        guard count < all.count else { return all }
        var random = SeededRandom(seed: seed)
        var chosen: [UpgradeOrder] = []
        while chosen.count < count {
            let ends = TestCluster.Daemon.all.shuffled(using: &random)
            // Each has another one for its last: the ring of the first ones, turned.
            let turn = Int.random(in: 1..<ends.count, using: &random)
            for (index, first) in ends.enumerated() {
                let last = ends[(index + turn) % ends.count]
                let others = ends.filter { $0 != first && $0 != last }
                var order: UpgradeOrder
                repeat {
                    order = UpgradeOrder(daemons: [first] + others.shuffled(using: &random) + [last])
                } while chosen.contains(order) && chosen.count(where: { $0.hasEnds(of: order) }) < 6
                if !chosen.contains(order) { chosen.append(order) }
            }
        }
        return Array(chosen.prefix(count))
    }

    /// The one in which the services go back after this one: over all orders, each is gone back in once.
    var wayBack: UpgradeOrder {
        let all = Self.all
        guard let index = all.firstIndex(of: self) else { return self }
        // With an odd step no order comes back in itself, nor are neighbours paired with neighbours.
        return all[(index + 47) % all.count]
    }

    private func hasEnds(of other: UpgradeOrder) -> Bool {
        daemons.first == other.daemons.first && daemons.last == other.daemons.last
    }

    private static func permutations<Element>(of elements: [Element]) -> [[Element]] {
        guard let first = elements.first, elements.count > 1 else { return [elements] }
        return permutations(of: Array(elements.dropFirst())).flatMap { rest in
            (0...rest.count).map { place in
                var whole = rest
                whole.insert(first, at: place)
                return whole
            }
        }
    }
}
