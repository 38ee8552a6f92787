import Testing

@Suite struct LedgerTests {
    private let server = "5f0c"
    private var ledger: Ledger {
        var ledger = Ledger()
        ledger.record(
            .server, server,
            Ledger.Entry(
                fields: ["display_name": "web", "flavor.name": "tiny", "vcpus": 1], newFields: ["tags": ["a", "b"]]))
        return ledger
    }

    private func list(_ servers: String...) throws -> JSONValue {
        try JSONValue(parsing: #"{"instances":[\#(servers.joined(separator: ","))]}"#)
    }

    private let whole =
        #"{"uuid":"5f0c","display_name":"web","flavor":{"name":"tiny"},"vcpus":1,"tags":["a","b"],"more":1}"#

    @Test func `what is there with all its fields is no contradiction`() throws {
        #expect(ledger.contradictions(.server, in: try list(whole), seesNewFields: true) == [])
    }

    @Test func `a lost server, field or element is told by name`() throws {
        #expect(
            ledger.contradictions(.server, in: try list(), seesNewFields: true)
                == ["server 5f0c was acknowledged and is gone"])
        let changed = #"{"uuid":"5f0c","display_name":"web","flavor":{},"vcpus":2,"tags":["a"]}"#
        #expect(
            ledger.contradictions(.server, in: try list(changed), seesNewFields: true) == [
                "server 5f0c: flavor.name was acknowledged as 'tiny' and is null",
                "server 5f0c: tags was acknowledged as ['a', 'b'] and is ['a']",
                "server 5f0c: vcpus was acknowledged as 1 and is 2",
            ])
    }

    @Test func `fields of the newer release count only where they can be seen`() throws {
        let older = #"{"uuid":"5f0c","display_name":"web","flavor":{"name":"tiny"},"vcpus":1}"#
        #expect(ledger.contradictions(.server, in: try list(older), seesNewFields: false) == [])
        #expect(ledger.contradictions(.server, in: try list(older), seesNewFields: true).count == 1)
        #expect(ledger.valueCount(of: .server, seesNewFields: false) == 3)
        #expect(ledger.valueCount(of: .server, seesNewFields: true) == 4)
    }

    @Test func `what was deleted must stay away, and what nobody asked for must not be there`() throws {
        var ledger = ledger
        ledger.recordDelete(server)
        #expect(ledger.contradictions(.server, in: try list(), seesNewFields: true) == [])
        #expect(
            ledger.contradictions(.server, in: try list(whole), seesNewFields: true)
                == ["server 5f0c ('web') was deleted and is back"])
        #expect(
            ledger.contradictions(.server, in: try list(#"{"uuid":"1"}"#), seesNewFields: true)
                == ["server 1 ('') was asked for by nobody"])
    }

    @Test func `a request without a clear answer leaves both outcomes open`() throws {
        var ledger = ledger
        ledger.doubt(server)
        #expect(ledger.contradictions(.server, in: try list(), seesNewFields: true) == [])
        #expect(ledger.contradictions(.server, in: try list(whole), seesNewFields: true) == [])
    }

    @Test func `flavors and hosts may be there besides those in the ledger`() throws {
        var ledger = Ledger()
        ledger.record(.flavor, "big", Ledger.Entry(fields: ["vcpus": 8]))
        let answer = try JSONValue(parsing: #"{"flavors":[{"name":"big","vcpus":8},{"name":"tiny","vcpus":1}]}"#)
        #expect(ledger.contradictions(.flavor, in: answer, seesNewFields: true) == [])
        #expect(ledger.contradictions(.host, in: answer, seesNewFields: true) == [])
    }
}

@Suite struct LoadJournalTests {
    @Test func `outcomes are counted by kind, and only failures are problems`() {
        let journal = LoadJournal()
        journal.record("create", isWrite: true, countsForWindow: true, .done, lasted: .seconds(1))
        journal.record("create", isWrite: true, .refused("not yet"), retries: 2, lasted: .seconds(3))
        journal.record("list", isWrite: false, .failed("gone"), lasted: .seconds(2))
        #expect(journal.finished == (1, 2))
        let counts = journal.takeCounts()
        #expect(counts.total == 3 && counts.refusedTotal == 1 && counts.failedTotal == 1)
        #expect(counts.longest == .seconds(3) && counts.retries == 2)
        #expect(counts.table == ["  create: 1 done, 1 refused, 0 failed", "  list: 0 done, 0 refused, 1 failed"])
        #expect(journal.problems == ["list failed: gone"])
        journal.record(problem: "lost")
        journal.record(problem: "lost")
        #expect(journal.problems == ["list failed: gone", "lost (2 times)"])
        #expect(journal.takeCounts().total == 0)
        #expect(journal.counts == counts)
    }

    @Test func `a request that may not be refused is not, whatever the error says`() {
        let sentence = "Directive cannot be sent to a receiver of version 1.0"
        #expect(!DocumentedRefusal.allows("list servers", sentence, isGoingBack: true))
        #expect(DocumentedRefusal.allows("create with tags", sentence, isGoingBack: false))
    }

    @Test func `a pause that got past the gate is refused by a host that went back only`() {
        let sentence = "Directive cannot be sent to a receiver of version 1.0"
        #expect(!DocumentedRefusal.allows("pause", sentence, isGoingBack: false))
        #expect(DocumentedRefusal.allows("pause", sentence, isGoingBack: true))
    }
}
