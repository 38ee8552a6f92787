import ClusterSupport

extension Load {
    /// What costs a cluster little, and so is asked for often: lists, flavors, a remark on a host.
    func catalogueTurn(_ worker: inout Worker) async {
        let client = anyClient(&worker)
        switch worker.turn % 6 {
        case 0:
            await createFlavor(worker.turn, by: client)
        case 1:
            await readBack(.flavor, by: client)
        case 2:
            await remark(worker.turn, by: client)
        case 3:
            await readBack(.host, by: client)
        case 4:
            _ = await request("list operations", ["operation", "list", "--limit", "50"], by: client)
        default:
            _ = await request("list images", ["image", "list"], by: client)
        }
        // People think; and two cores have guests to boot.
        try? await Task.sleep(for: .milliseconds(Int.random(in: 20...120, using: &worker.random)))
    }

    private func createFlavor(_ number: Int, by client: Programs) async {
        let name = "flavor-\(number)"
        let description = "number \(number) of \(client)"
        let result = await request(
            "create flavor",
            [
                "flavor", "create", name, "--vcpus", "2", "--memory-mb", "\(256 + number)", "--root-gb",
                "\(number + 1)",
                "--description", description,
            ], by: client, isWrite: true)
        guard result != nil else { return }
        let entry = Ledger.Entry(fields: [
            "name": .string(name), "vcpus": 2, "memory_mb": .number(Double(256 + number)),
            "root_gb": .number(Double(number + 1)), "description": .string(description),
        ])
        withLedger { $0.record(.flavor, name, entry) }
    }

    /// An operator's remark: hosts register and report all the time, and must not write over it.
    private func remark(_ number: Int, by client: Programs) async {
        let host = TestCluster.Daemon.hosts[number / 6 % 2].name
        // Hosts stay enabled for the servers that are created meanwhile, except for a moment.
        let reason = "number \(number) of \(client)"
        let disable = ["host", "disable", host, "--reason", reason]
        guard await request("disable host", disable, by: client, isWrite: true) != nil else { return }
        let entry = Ledger.Entry(fields: ["disabled": true, "disabled_reason": .string(reason)])
        withLedger { $0.record(.host, host, entry) }
        await readBack(.host, by: client)
        guard await request("enable host", ["host", "enable", host], by: client, isWrite: true) != nil else { return }
        withLedger { $0.record(.host, host, Ledger.Entry(fields: ["disabled": false])) }
    }
}
