import ClusterSupport

/// What is asked for of a new server besides what every release knows.
struct ServerFeatures: Hashable, Sendable {
    var tags: [String] = []
    var cpuModel: String?

    static let none = ServerFeatures()

    /// What the command line of the newer release may ask for, by turns.
    static func random(_ number: Int, using random: inout SeededRandom) -> ServerFeatures {
        guard !UpgradeSettings.isSameRelease else { return none }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1, 2: return ServerFeatures(tags: ["load", "number-\(number)"])
        case 3: return ServerFeatures(tags: ["load"], cpuModel: "qemu64")
        default: return none
        }
    }

    /// How the request counts.
    var kind: String {
        if cpuModel != nil { return "create with a cpu model" }
        return tags.isEmpty ? "create" : "create with tags"
    }

    var arguments: [String] {
        tags.flatMap { ["--tag", $0] } + (cpuModel.map { ["--cpu-model", $0] } ?? [])
    }

    var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        if !tags.isEmpty { fields["tags"] = .array(tags.map { .string($0) }) }
        if let cpuModel { fields["cpu_model"] = .string(cpuModel) }
        return fields
    }
}

// What only the newer release can do, and what the older one makes of it.
extension Load {
    /// Everything is of the newer release: what was left paused goes on, another server is paused in its place, and one is
    /// created with what only this release knows, to be found so after services have been of the older one again.
    func featureRound(_ number: Int) async {
        guard !UpgradeSettings.isSameRelease else { return }
        await unpauseAll()
        let features = ServerFeatures(tags: ["load", "round-\(number)"], cpuModel: number % 3 == 0 ? "qemu64" : nil)
        let name = "load-\(number)-with-features"
        if let server = await createServer(named: name, by: UpgradeSettings.new, number, features) {
            await show(server, by: UpgradeSettings.new, seesNewFields: true)
        }
        guard let server = withLedger({ $0.keys(of: .server) }).first(where: { isLoadOwned($0) }) else { return }
        await pause(server, by: UpgradeSettings.new, mustSucceed: true)
        await listAllOperations()
    }

    func unpauseAll() async {
        for server in paused { await unpause(server, by: UpgradeSettings.new, mustSucceed: true) }
    }

    /// In whatever mixture there is now: it is refused with the documented error, or done.
    func tryToPause(_ server: String) async {
        guard !UpgradeSettings.isSameRelease else { return }
        await pause(server, by: UpgradeSettings.new, mustSucceed: false)
        if paused.contains(server) { await unpause(server, by: UpgradeSettings.new, mustSucceed: false) }
    }

    var paused: [String] {
        withLedger { ledger in
            (ledger.entries[.server] ?? [:]).filter { $0.value.newFields["vm_state"] == "paused" }.keys.sorted()
        }
    }

    private func pause(_ server: String, by client: Programs, mustSucceed: Bool) async {
        let kind = mustSucceed ? "pause, all being new" : "pause"
        let command = ["server", "pause", server, "--wait"]
        guard await request(kind, command, by: client, isWrite: true) != nil else { return }
        withLedger {
            $0.update(.server, server) { entry in
                // The older release says active of it, or what its own database row says.
                entry.fields["vm_state"] = nil
                entry.newFields["vm_state"] = "paused"
            }
        }
    }

    private func unpause(_ server: String, by client: Programs, mustSucceed: Bool) async {
        await show(server, by: client, seesNewFields: mustSucceed)
        let kind = mustSucceed ? "unpause, all being new" : "unpause"
        let command = ["server", "unpause", server, "--wait"]
        guard await request(kind, command, by: client, isWrite: true) != nil else { return }
        withLedger {
            $0.update(.server, server) { entry in
                entry.fields["vm_state"] = "active"
                entry.newFields["vm_state"] = nil
            }
        }
        await show(server, by: client)
    }

    /// Page by page, which the older release cannot.
    private func listAllOperations() async {
        let command = ["operation", "list", "--all"]
        guard let result = await request("list all operations", command, by: UpgradeSettings.new) else { return }
        let listed = Set((json(result)?["operations"]?.elements ?? []).compactMap { $0["uuid"]?.text })
        let count = json(result)?["operations"]?.elements.count ?? 0
        let creates = ["create", "create with tags", "create with a cpu model"].reduce(0) {
            $0 + (journal.counts.done[$1] ?? 0)
        }
        if listed.count != count || count < creates {
            journal.record(problem: "\(creates) servers were created, and all pages list \(listed.count) of \(count)")
        }
    }

    /// Fields that the newer release has split, renamed and given another type are right for both, in any mixture.
    func checkHosts(_ answer: JSONValue, by client: Programs) {
        guard hasRealGuests, !UpgradeSettings.isSameRelease else { return }
        let expected: [String: JSONValue] =
            client == UpgradeSettings.old
            ? ["hypervisor_type": "QEMU/TCG"] : ["hypervisor": "QEMU", "accelerator": "tcg"]
        for host in answer["hosts"]?.elements ?? [] {
            for (path, value) in expected where host[path] != value {
                journal.record(problem: "\(client) host list: \(path) is \(host[path] ?? .null) of \(host)")
            }
            let used = host[client == UpgradeSettings.old ? "vcpus_used" : "usage.vcpus"]
            if case .number = used ?? .null { continue }
            journal.record(problem: "\(client) host list says nothing of the vcpus in use: \(host)")
        }
    }
}
