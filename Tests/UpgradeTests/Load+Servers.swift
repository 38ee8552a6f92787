import ClusterSupport
import Foundation
import TestSupport

extension Load {
    private static let serversKept = 3

    /// Creates a server, reads it, reboots one, deletes the oldest, and looks at all of them.
    func serverTurn(_ worker: inout Worker) async {
        let name = "load-\(worker.turn)"
        let created = await createServer(named: name, by: anyClient(&worker), worker.turn)
        await checkIfWanted()
        if let created {
            await show(created, by: anyClient(&worker))
            await checkIfWanted()
        }
        let kept = withLedger { $0.keys(of: .server) }.filter { $0 != created && isLoadOwned($0) }
        if let server = kept.randomElement(using: &worker.random) {
            await reboot(server, by: anyClient(&worker))
            await checkIfWanted()
        }
        await readBack(.server, by: anyClient(&worker))
        let oldest = withLedger { $0.keys(of: .server) }.filter(isLoadOwned).sorted { age(of: $0) < age(of: $1) }
        if oldest.count > Self.serversKept, let server = oldest.first {
            await delete(server, by: anyClient(&worker))
            await checkIfWanted()
        }
    }

    /// Deletes all that it made.
    func deleteServers(by client: Programs) async {
        for server in withLedger({ $0.keys(of: .server) }) { await delete(server, by: client) }
    }

    /// Creates a server and waits for it; its id, once it is acknowledged to run.
    func createServer(named name: String, by client: Programs, _ number: Int) async -> String? {
        let description = "asked for as number \(number) of \(client), größe 漢字"
        var arguments = ["server", "create", name, "--flavor", "tiny", "--image", TestImage.name]
        arguments += ["--description", description, "--wait"]
        if let file = try? userDataFolder.write("word \(number) of \(name)\n", to: "user-data") {
            arguments += ["--user-data", file]
        }
        let result = await request("create", arguments, by: client, isWrite: true)
        guard let result, let answer = json(result), let uuid = answer["instance.uuid"]?.text else {
            await doubtServers(named: name, by: client)
            return nil
        }
        var entry = Ledger.Entry(fields: [
            "display_name": .string(name), "display_description": .string(description), "vm_state": "active",
            "user_id": "admin", "flavor.name": "tiny", "image.name": .string(TestImage.name), "vcpus": 1,
            "memory_mb": 128, "root_gb": 1,
        ])
        entry.fields["host"] = answer["instance.host"]
        entry.fields["created_at"] = answer["instance.created_at"]
        withLedger { $0.record(.server, uuid, entry) }
        rememberProcess(of: uuid)
        return uuid
    }

    func show(_ server: String, by client: Programs) async {
        let result = await request("show", ["server", "show", server], by: client)
        guard let result, let instance = json(result)?["instance"] else { return }
        let found = withLedger { ledger in
            journal.recordReadBack(values: ledger.entries[.server]?[server]?.fields.count ?? 0)
            return ledger.contradictions(.server, server, in: instance, seesNewFields: false)
        }
        found.forEach { journal.record(problem: "\(client) `stator server show`: \($0)") }
        checkProcess(of: server)
    }

    /// Resets a guest: it boots again, in the same process.
    private func reboot(_ server: String, by client: Programs) async {
        let result = await request("reboot", ["server", "reboot", server, "--hard", "--wait"], by: client, isWrite: true)
        guard result != nil else { return }
        await show(server, by: client)
    }

    private func delete(_ server: String, by client: Programs) async {
        let delete = ["server", "delete", server, "--wait"]
        guard await request("delete", delete, by: client, isWrite: true) != nil else {
            return withLedger { $0.doubt(server) }
        }
        withLedger { $0.recordDelete(server) }
        remember(nil, of: server)
        // By its id it can still be looked up for a while, as what it is.
        let result = await request("show a deleted one", ["server", "show", server], by: client) {
            // 3: there is no such server.
            $0.exit == .status(0) || $0.exit == .status(3)
        }
        if let state = result.flatMap({ $0.exit == .status(0) ? json($0) : nil })?["instance.vm_state"], state != "deleted" {
            journal.record(problem: "server \(server) was deleted, and is \(state)")
        }
        if QEMUProcess.running(below: guestFolder).contains(where: { $0.instance == server }) {
            journal.record(problem: "server \(server) was deleted, and its guest runs")
        }
    }

    /// A create without a clear answer may have made a server of that name, or not.
    private func doubtServers(named name: String, by client: Programs) async {
        guard let result = await request("list servers", ["server", "list", "--all"], by: client) else { return }
        for element in json(result)?["instances"]?.elements ?? [] where element["display_name"]?.text == name {
            if let uuid = element["uuid"]?.text { withLedger { $0.doubt(uuid) } }
        }
    }

    private func isLoadOwned(_ server: String) -> Bool {
        withLedger { $0.entries[.server]?[server]?.fields["display_name"]?.text?.hasPrefix("load-") == true }
    }

    private func age(of server: String) -> Int {
        let name = withLedger { $0.entries[.server]?[server]?.fields["display_name"]?.text } ?? ""
        return Int(name.dropFirst("load-".count)) ?? 0
    }

    // MARK: guests

    /// The guest that was begun for a server has to be its guest until it is deleted.
    func rememberProcess(of server: String) {
        guard hasRealGuests else { return }
        let running = QEMUProcess.running(below: guestFolder).filter { $0.instance == server }
        guard let process = running.first, running.count == 1 else {
            journal.record(problem: "server \(server) is active, and has \(running.count) guests")
            return
        }
        remember(process, of: server)
    }

    func checkProcess(of server: String) {
        guard let remembered = guestProcesses[server] else { return }
        let running = QEMUProcess.running(below: guestFolder).filter { $0.instance == server }
        guard running != [remembered] else { return }
        journal.record(problem: "the guest of server \(server) was \(remembered) and is \(running)")
    }

    /// Compares all guests with what they were: none has been restarted, and none is missing.
    func checkProcesses() {
        let running = Dictionary(grouping: QEMUProcess.running(below: guestFolder), by: \.instance)
        for (server, process) in guestProcesses where running[server] != [process] {
            // It may have been deleted in this very moment.
            guard withLedger({ $0.entries[.server]?[server] != nil }) else { continue }
            guard guestProcesses[server] != nil else { continue }
            checkProcess(of: server)
        }
    }
}
