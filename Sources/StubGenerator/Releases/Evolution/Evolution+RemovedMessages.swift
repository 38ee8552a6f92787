extension Evolution {
    /// Finds the messages that a supported release still sends or takes and the contract lacks.
    mutating func findRemovedMessages() {
        var told: Set<String> = []
        for release in releases where release.isSupported {
            for name in neededMessages(of: release).sorted() where current.messages[name] == nil {
                guard let frozen = release.index.messages[name], told.insert(name).inserted else { continue }
                report(
                    frozen.place, of: release,
                    "\(name) is gone, but release \(release.name), which is supported, has it.",
                    fix: "declare it again; it can go when no supported release has a method or a field with it.")
            }
        }
    }

    /// What is in calls of methods that are still served, and what no method has to do with, such as stored objects.
    private func neededMessages(of release: Release) -> Set<String> {
        let index = release.index
        let methods = index.methods.values
        let served = methods.filter(isNeeded).flatMap { [$0.requestName, $0.responseName] }
        let inCalls = index.reachable(from: methods.flatMap { [$0.requestName, $0.responseName] }, withRetired: true)
        let others = index.messages.values.filter { !inCalls.contains($0.fullName) }
        let inOthers = others.flatMap { other in
            other.fields.compactMap(\.referencedType).filter { $0 != other.fullName }
        }
        let roots = Set(others.map(\.fullName)).subtracting(inOthers)
        return index.reachable(from: served + roots, withRetired: false)
    }
}

extension ContractIndex {
    /// The messages and those in their fields, with or without fields that their versions have no longer.
    fileprivate func reachable(from names: [String], withRetired: Bool) -> Set<String> {
        var found: Set<String> = []
        var rest = names
        while let name = rest.popLast() {
            guard let message = messages[name], found.insert(name).inserted else { continue }
            rest += message.fields.filter { withRetired || $0.exists(at: message.version) }.compactMap(\.referencedType)
        }
        return found
    }
}
