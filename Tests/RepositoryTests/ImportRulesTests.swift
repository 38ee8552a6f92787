import Testing

@Suite struct `Import rules` {
    @Test func `every import in Sources is one that its module may make`() throws {
        let files = try Repository.sources.get()
        #expect(!files.isEmpty)
        let violations = files.flatMap(ImportRules.violations)
        #expect(violations.isEmpty, "\(list(violations))")
    }

    @Test func `every folder of Sources has a place among the layers`() throws {
        let unknown = try Repository.folders(in: "Sources").filter {
            ImportRules.heights[$0] == nil && !["Python", "Scripts"].contains($0)
        }
        #expect(unknown.isEmpty, "give it a height in ImportRules.heights: \(unknown)")
    }

    @Test(
        "the checker reports what each rule forbids",
        arguments: [
            ("ComputeAgent", "internal import Postgres", "only the conductor may reach the database"),
            ("ComputeAPI", "internal import Postgres", "only the conductor may reach the database"),
            ("stator-compute", "private import Postgres", "only the conductor may reach the database"),
            ("ComputeObjects", "@_exported public import Postgres", "only the conductor may reach the database"),
            ("ComputeAgent", "internal import CLibPQ", "only Postgres may"),
            ("Conductor", "internal import CLibPQ", "only Postgres may"),
            ("StatorRPC", "internal import COpenSSL", "only StatorTLS may"),
            ("Conductor", "internal import CProtobufC", "only ComputeMessages, StatorObjects may"),
            ("ComputeObjects", "internal import CComputeMessages", "only ComputeMessages, StatorObjects may"),
            ("StatorRPC", "internal import CLinux", "system calls are made by the loop"),
            ("ComputeAPI", "internal import Glibc", "system calls are made by the loop"),
            ("StatorReactor", "internal import Foundation", "StatorReactor must not import Foundation"),
            ("StatorWire", "internal import Foundation", "StatorWire must not import Foundation"),
            ("StatorTLS", "internal import Foundation", "StatorTLS must not import Foundation"),
            ("StatorRPC", "internal import FoundationEssentials", "StatorRPC must not import FoundationEssentials"),
            ("StatorObjects", "internal import Foundation", "StatorObjects must not import Foundation"),
            ("Postgres", "internal import struct Foundation.Data", "Postgres must not import Foundation"),
            ("ComputeMessages", "public import Foundation", "ComputeMessages must not import Foundation"),
            ("StatorWire", "internal import Logging", "the protocol does no I/O"),
            ("StatorWire", "internal import StatorReactor", "imports go down only"),
            ("StatorRPC", "internal import ComputeMessages", "imports go down only"),
            ("Conductor", "internal import ComputeAgent", "imports go down only"),
            ("Conductor", "internal import Dispatch", "work stays on its loop"),
            ("ComputeAgent", "internal import SwiftProtobuf", "messages are protobuf-c's"),
            ("Conductor", "internal import NIOCore", "no dependency that is agreed on"),
            ("Conductor", "import Logging", "states no access level"),
            ("Conductor", "@preconcurrency import Logging", "states no access level"),
            ("Extras", "internal import Logging", "no place among the layers"),
        ]
    )
    func reports(module: String, statement: String, reason: String) {
        let file = SourceFile(path: "Sources/\(module)/Sample.swift", text: "// A sample.\n\(statement)\n")
        let violations = ImportRules.violations(in: file)
        #expect(violations.contains { $0.message.contains(reason) && $0.line == 2 }, "\(violations)")
    }

    @Test(
        "the checker accepts what the rules allow",
        arguments: [
            ("Conductor", "internal import Postgres"),
            ("Postgres", "internal import CLibPQ"),
            ("StatorTLS", "internal import COpenSSL"),
            ("StatorObjects", "internal import CProtobufC"),
            ("ComputeMessages", "public import StatorObjects"),
            ("StatorWire", "internal import Synchronization"),
            ("StatorRPC", "public import StatorObjects"),
            ("ComputeAgent", "internal import Foundation"),
            ("stator-conductor", "internal import Conductor"),
        ]
    )
    func accepts(module: String, statement: String) {
        let file = SourceFile(path: "Sources/\(module)/Sample.swift", text: statement)
        #expect(ImportRules.violations(in: file) == [])
    }

    @Test func `imports in comments and strings are no imports`() {
        let text = """
            // import Postgres
            /* import Postgres
               /* nested */ import Postgres */
            let template = \"""
                import Postgres
                \""" + #"import "Postgres" \\(none)"#
            internal import Logging
            """
        let found = ImportRules.imports(in: SourceFile(path: "Sources/Conductor/Sample.swift", text: text))
        #expect(found == [ImportRules.Import(module: "Logging", access: "internal", line: 7)])
    }
}

/// Violations one to a line, as a compiler prints them.
func list(_ violations: [Violation]) -> String {
    violations.map { "\n\($0)" }.joined()
}
