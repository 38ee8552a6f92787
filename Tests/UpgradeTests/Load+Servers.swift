import ClusterSupport
import Foundation
import TestSupport

extension Load {
    private static let serversKept = 4

    /// Creates a server, reads it, reboots one, deletes the oldest, and looks at all of them.
    func serverTurn(_ worker: inout Worker) async {
        let client = anyClient(&worker)
        var features = ServerFeatures.none
        if client == UpgradeSettings.new { features = .random(worker.turn, using: &worker.random) }
        let created = await createServer(named: "load-\(worker.turn)", by: client, worker.turn, features)
        await checkIfWanted(worker)
        if let created {
            await show(created, by: anyClient(&worker))
            await checkIfWanted(worker)
        }
        if let server = changeable.filter({ $0 != created }).randomElement(using: &worker.random) {
            let isHard = Int.random(in: 0..<4, using: &worker.random) > 0
            await reboot(server, by: anyClient(&worker), isHard: isHard)
            await checkIfWanted(worker)
            if worker.turn % 4 == 1 { await tryToPause(server) }
        }
        await readBack(.server, by: anyClient(&worker))
        let oldest = changeable.sorted { age(of: $0) < age(of: $1) }
        for server in oldest.dropLast(Self.serversKept) {
            await delete(server, by: anyClient(&worker))
            await checkIfWanted(worker)
        }
    }

    /// The load's own servers, without those that only the newer release can bring back to what they were.
    private var changeable: [String] {
        let paused = paused
        return withLedger { $0.keys(of: .server) }.filter { isLoadOwned($0) && !paused.contains($0) }
    }

    /// Deletes all that it made.
    func deleteServers(by client: Programs) async {
        for server in withLedger({ $0.keys(of: .server) }) { await delete(server, by: client) }
    }

    /// Creates a server and waits for it; its id, once it is acknowledged to run.
    func createServer(
        named name: String, by client: Programs, _ number: Int, _ features: ServerFeatures = .none
    ) async -> String? {
        let description = "asked for as number \(number) of \(client), größe 漢字"
        var arguments = ["server", "create", name, "--flavor", "tiny", "--image", TestImage.name]
        arguments += ["--description", description, "--wait"] + features.arguments
        if let file = try? userDataFolder.write(userData(of: name) + "\n", to: "user-data") {
            arguments += ["--user-data", file]
        }
        var refused: CommandResult?
        let result = await request(
            features.kind, arguments, by: client, isWrite: true, onRefusal: { refused = $0 })
        if let refused {
            await clearAway(refused, by: client)
            return nil
        }
        guard let result, let answer = json(result), let uuid = answer["instance.uuid"]?.text else {
            await doubtServers(named: name, by: client)
            return nil
        }
        var entry = Ledger.Entry(fields: [
            "display_name": .string(name), "display_description": .string(description), "vm_state": "active",
            "user_id": "admin", "flavor.name": "tiny", "image.name": .string(TestImage.name), "vcpus": 1,
            "memory_mb": 128, "root_gb": 1,
        ])
        entry.newFields = features.fields
        entry.fields["host"] = answer["instance.host"]
        entry.fields["created_at"] = answer["instance.created_at"]
        withLedger { $0.record(.server, uuid, entry) }
        rememberProcess(of: uuid)
        return uuid
    }

    func show(_ server: String, by client: Programs, seesNewFields: Bool = false) async {
        let result = await request("show", ["server", "show", server], by: client)
        guard let result, let instance = json(result)?["instance"] else { return }
        let found = withLedger { ledger in
            journal.recordReadBack(values: ledger.entries[.server]?[server]?.fields.count ?? 0)
            return ledger.contradictions(.server, server, in: instance, seesNewFields: seesNewFields)
        }
        found.forEach { journal.record(problem: "\(client) `stator server show`: \($0)") }
        checkProcess(of: server)
    }

    /// Hard: the guest is reset, and boots again in the same process. Otherwise it is asked to end, and begun anew.
    private func reboot(_ server: String, by client: Programs, isHard: Bool) async {
        let hasModel = withLedger { $0.entries[.server]?[server]?.newFields["cpu_model"] != nil }
        let command = ["server", "reboot", server, "--wait"] + (isHard ? ["--hard"] : [])
        let kind = hasModel ? "reboot with a cpu model" : "reboot"
        // Of an orderly reboot a new process may come, in any moment of it.
        if !isHard { remember(nil, of: server) }
        let isDone = await request(kind, command, by: client, isWrite: true) != nil
        if !isHard { rememberProcess(of: server) }
        guard isDone else { return }
        await show(server, by: client)
    }

    /// A create that was refused by the placement has left a server in error, for its user to see.
    private func clearAway(_ refused: CommandResult, by client: Programs) async {
        guard !refused.output.isEmpty, let uuid = json(refused)?["instance.uuid"]?.text else { return }
        withLedger { $0.doubt(uuid) }
        await delete(uuid, by: client)
    }

    private func delete(_ server: String, by client: Programs) async {
        let delete = ["server", "delete", server, "--wait"]
        remember(nil, of: server)
        guard await request("delete", delete, by: client, isWrite: true) != nil else {
            return withLedger { $0.doubt(server) }
        }
        withLedger { $0.recordDelete(server) }
        // By its id it can still be looked up for a while, as what it is.
        let result = await request("show a deleted one", ["server", "show", server], by: client) {
            // 3: there is no such server.
            $0.exit == .status(0) || $0.exit == .status(3)
        }
        let isFound = result?.exit == .status(0)
        if isFound, let state = result.flatMap(json)?["instance.vm_state"], state != "deleted" {
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

    /// What each server's guest was handed.
    var userData: [String: String] {
        withLedger { ledger in
            (ledger.entries[.server] ?? [:]).compactMapValues { $0.fields["display_name"]?.text.map(userData(of:)) }
        }
    }

    private func userData(of name: String) -> String { "a word for \(name) from its user" }

    func isLoadOwned(_ server: String) -> Bool {
        withLedger { $0.entries[.server]?[server]?.fields["display_name"]?.text?.hasPrefix("load-") == true }
    }

    private func age(of server: String) -> Int {
        let name = withLedger { $0.entries[.server]?[server]?.fields["display_name"]?.text } ?? ""
        return Int(name.dropFirst("load-".count).prefix(while: \.isNumber)) ?? 0
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
        checkProcessor(of: process, server)
    }

    /// A guest whose processor was asked for has no other, whoever began it.
    private func checkProcessor(of process: QEMUProcess, _ server: String) {
        guard let model = withLedger({ $0.entries[.server]?[server]?.newFields["cpu_model"]?.text }),
            !process.hasOption("-cpu", beginning: model)
        else { return }
        journal.record(problem: "the guest of server \(server) does not run with -cpu \(model)")
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
