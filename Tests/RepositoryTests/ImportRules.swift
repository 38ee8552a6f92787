/// What may import what. The layers are those of the picture in the README; a module may import only lower ones.
enum ImportRules {
    /// Each of our modules with its height; equal heights do not see each other.
    static let heights: [String: Int] = [
        "CLinux": 0, "COpenSSL": 0, "CProtobufC": 0, "CLibPQ": 0, "CComputeMessages": 1,
        "StatorWire": 2, "StatorReactor": 2, "StatorTLS": 2,
        "StatorObjects": 3, "StatorRPC": 4,
        "ComputeMessages": 5, "ComputeObjects": 6,
        "Postgres": 6, "CommandOptions": 6, "StubGenerator": 6,
        "ComputeAPI": 7, "ComputeAgent": 7, "Conductor": 7, "CommandLineClient": 7,
        "stator": 8, "stator-api": 8, "stator-compute": 8, "stator-conductor": 8, "protoc-gen-stator": 8,
        "stator-bench": 8,
    ]

    static let standardLibrary: Set<String> = ["Swift", "Synchronization", "_Concurrency"]

    /// Modules that only some may import, and why.
    static let restricted: [Restriction] = [
        Restriction(
            "COpenSSL", only: ["StatorTLS"],
            because: "OpenSSL's types and its error queue stay behind one memory-to-memory engine"),
        Restriction(
            "CLibPQ", only: ["Postgres"],
            because: "libpq is called in one place only, where nothing can block the loop"),
        Restriction(
            "CProtobufC", only: ["ComputeMessages", "StatorObjects"],
            because: "C structs are owned by the object runtime and never leave it"),
        Restriction(
            "CComputeMessages", only: ["ComputeMessages", "StatorObjects"],
            because: "C structs are owned by the object runtime and never leave it"),
        Restriction(
            "CLinux", only: systemCallers,
            because: "system calls are made by the loop, and where errno or a file is handled"),
        Restriction(
            "Glibc", only: systemCallers,
            because: "system calls are made by the loop, and where errno or a file is handled"),
        Restriction(
            "Postgres", only: ["Conductor"],
            because: "only the conductor may reach the database; hosts and the API ask it over the wire"),
        Restriction(
            "SwiftProtobuf", only: ["StubGenerator", "protoc-gen-stator"],
            because: "messages are protobuf-c's; SwiftProtobuf reads descriptors in the generator"),
        Restriction(
            "SwiftProtobufPluginLibrary", only: ["StubGenerator", "protoc-gen-stator"],
            because: "messages are protobuf-c's; SwiftProtobuf reads descriptors in the generator"),
        Restriction(
            "Dispatch", only: ["ComputeAgent"],
            because: "work stays on its loop; only the host's file work, which blocks, has threads of its own"),
    ]

    /// The loop, and those who handle errno or a file.
    static let systemCallers: Set<String> = [
        "StatorReactor", "StatorTLS", "StatorObjects", "Postgres", "ComputeAgent", "CommandOptions",
        "CommandLineClient", "stator", "stator-bench",
    ]

    /// Dependencies on other packages that any module of ours may use.
    static let otherPackages: Set<String> = [
        "ArgumentParser", "CoreMetrics", "DequeModule", "HeapModule", "Logging", "Metrics", "OrderedCollections",
        "ServiceLifecycle",
        "UnixSignals",
    ]

    static let foundationModules: Set<String> = [
        "Foundation", "FoundationEssentials", "FoundationInternationalization", "FoundationNetworking",
    ]
    static let withoutFoundation: Set<String> = [
        "StatorWire", "StatorTLS", "StatorReactor", "StatorRPC", "StatorObjects", "Postgres", "ComputeMessages",
    ]

    struct Restriction {
        let module: String
        let importers: Set<String>
        let reason: String

        init(_ module: String, only importers: Set<String>, because reason: String) {
            self.module = module
            self.importers = importers
            self.reason = reason
        }
    }

    struct Import: Equatable {
        let module: String
        let access: String?
        let line: Int
    }

    static func imports(in file: SourceFile) -> [Import] {
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:typealias|struct|class|enum|protocol|let|var|func)\s+)?(\w+)/
        return file.codeLines.enumerated().compactMap { index, line in
            line.prefixMatch(of: pattern).map {
                Import(module: String($0.2), access: $0.1.map(String.init), line: index + 1)
            }
        }
    }

    /// Whether the file is of a program that Stator is compared with: a package of its own, which links nothing of ours.
    private static func isPeer(_ file: SourceFile) -> Bool {
        file.path.hasPrefix("Sources/stator-bench/Peers/")
    }

    static func violations(in file: SourceFile) -> [Violation] {
        guard !isPeer(file) else { return [] }
        return imports(in: file).flatMap { found in
            objections(to: found, by: file.module).map {
                Violation(path: file.path, line: found.line, message: $0)
            }
        }
    }

    private static func objections(to found: Import, by importer: String) -> [String] {
        var objections: [String] = []
        let name = found.module
        if found.access == nil {
            objections.append("'import \(name)' states no access level; write 'internal import \(name)'")
        }
        if let restriction = restricted.first(where: { $0.module == name }), !restriction.importers.contains(importer) {
            let allowed = restriction.importers.sorted().joined(separator: ", ")
            objections.append(
                "\(importer) must not import \(name), only \(allowed) may: \(restriction.reason)")
        }
        if foundationModules.contains(name), withoutFoundation.contains(importer) {
            objections.append(
                "\(importer) must not import \(name): what runs for each message is built on the standard library alone"
            )
        }
        if importer == "StatorWire", !standardLibrary.contains(name) {
            objections.append(
                "StatorWire must not import \(name): the protocol does no I/O, so that tests can script bytes and time")
        }
        objections += directionObjections(to: name, by: importer)
        return objections
    }

    private static func directionObjections(to name: String, by importer: String) -> [String] {
        guard let importerHeight = heights[importer] else {
            return ["\(importer) has no place among the layers; give it one in ImportRules.heights"]
        }
        if let height = heights[name] {
            return height < importerHeight ? [] : ["\(importer) must not import \(name): imports go down only"]
        }
        let isKnown =
            standardLibrary.contains(name) || foundationModules.contains(name) || otherPackages.contains(name)
            || restricted.contains { $0.module == name }
        return isKnown ? [] : ["\(name) is no dependency that is agreed on; see ImportRules.otherPackages"]
    }
}
