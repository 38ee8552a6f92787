/// Writes a contract's Python package: a module beside each of protoc's `_pb2` modules, and one for the whole contract.
///
/// The text names the runtime and the standard library by aliases with an underscore, since fields and messages may
/// have any other name.
struct PythonGenerator {
    let types: PythonTypes
    /// Said by clients of the package; nil: the newest of which a method is.
    let serviceVersion: UInt32?

    /// Throws where a file's or folder's name cannot be a module's.
    func files(for contract: Contract) throws(Problems) -> [GeneratedFile] {
        try checkNames(contract)
        var files = contract.files.map(module)
        files.append(contractModule(contract))
        return files + packages(of: contract)
    }

    private func checkNames(_ contract: Contract) throws(Problems) {
        var problems: [Problem] = []
        let common = commonFolder(of: contract)
        for file in contract.files {
            let parts = PythonNames.module(ofPath: file.path)
            for part in parts where !PythonNames.isModule(part) {
                problems.append(
                    Problem(
                        file: file.path, line: nil, sentence: "\"\(part)\" cannot be the name of a module in Python.",
                        fix: "give the file or its folder another name."))
            }
            if parts == common + [Self.contractModule] {
                problems.append(
                    Problem(
                        file: file.path, line: nil,
                        sentence: "The module \"\(Self.contractModule)\" is generated for the whole contract.",
                        fix: "give the file another name."))
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
    }

    // MARK: Modules

    private func module(for file: ContractFile) -> GeneratedFile {
        let parts = PythonNames.module(ofPath: file.path)
        var text = Self.header("from \(file.path)")
        text.line("from __future__ import annotations")
        text.line()
        imports(of: file, parts, &text)
        for enumeration in file.enums where enumeration.typeName.parent == nil {
            text.gap()
            text.enumeration(enumeration)
        }
        for message in file.messages where message.typeName.parent == nil {
            text.gap()
            text.message(message, in: file, types: types)
        }
        for service in file.services {
            text.gap()
            text.service(service, types: types)
        }
        return GeneratedFile(name: parts.joined(separator: "/") + ".py", content: text.source)
    }

    private func imports(of file: ContractFile, _ module: [String], _ text: inout PythonText) {
        let fields = file.messages.flatMap(\.fields)
        let rulesValues = file.enums.flatMap(\.values).contains { $0.since != nil || $0.loweredAs != nil }
        var standard: [String] = []
        if !file.messages.isEmpty { standard.append("dataclasses") }
        if fields.contains(where: { $0.format == .timestamp }) { standard.append("datetime") }
        if !file.messages.isEmpty || !file.services.isEmpty || rulesValues { standard.append("typing") }
        if fields.contains(where: { $0.format == .uuid }) { standard.append("uuid") }
        for name in standard { text.line("import \(name) as _\(name)") }
        if !standard.isEmpty { text.line() }
        if !file.enums.isEmpty || !file.messages.isEmpty { text.line("import stator_objects as _objects") }
        if !file.services.isEmpty { text.line("import stator_rpc as _rpc") }
        if !file.messages.isEmpty {
            let folder = module.dropLast().joined(separator: ".")
            let name = "\(module.last ?? "")_pb2"
            text.line(folder.isEmpty ? "import \(name)" : "from \(folder) import \(name)")
        }
        for (other, names) in foreignTypes(of: file, module) {
            text.importing(names, from: other)
        }
    }

    /// The types that a file has from other modules, by module, sorted.
    private func foreignTypes(of file: ContractFile, _ module: [String]) -> [(module: String, names: [String])] {
        var names: [String: Set<String>] = [:]
        let methods = file.services.flatMap(\.methods)
        let used =
            file.messages.flatMap(\.fields).compactMap(\.referencedType)
            + methods.flatMap { [$0.requestName, $0.responseName] }
        for name in used {
            guard let location = types[name], location.module != module else { continue }
            names[location.module.joined(separator: "."), default: []].insert(location.name.parts.first ?? "")
        }
        return names.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    // MARK: The contract

    private static let contractModule = "contract"

    private func contractModule(_ contract: Contract) -> GeneratedFile {
        let objects = contract.files.flatMap(\.messages).compactMap { message in
            message.version.map { (name: message.fullName, version: $0) }
        }
        var text = Self.header("from the declarations of all files")
        text.line("import stator_rpc as _rpc")
        let filesOfServices = contract.files.filter { !$0.services.isEmpty }
        for file in filesOfServices {
            let module = PythonNames.module(ofPath: file.path).joined(separator: ".")
            text.importing(file.services.map { "\($0.name)Methods" }.sorted(), from: module)
        }
        text.line()
        text.call(
            "MANIFEST = _rpc.Manifest(",
            objects.sorted { $0.name < $1.name }
                .map { "\"\($0.name)\": _rpc.Version(\($0.version.major), \($0.version.minor))" },
            ")", brackets: ("{", "}"), isAlwaysLong: !objects.isEmpty)
        text.documentation("Which versioned objects the package understands, each up to which version.")
        text.line()
        let services = filesOfServices.flatMap(\.services)
        let newest = services.flatMap(\.methods).map(\.since).max() ?? 1
        text.line("CONTRACT = _rpc.Contract(")
        text.indented { text in
            text.line("MANIFEST,")
            text.call("", services.map { "*\($0.name)Methods.ALL" }, ",", isAlwaysLong: !services.isEmpty)
            text.line("service_version=\(serviceVersion ?? newest),")
        }
        text.line(")")
        text.documentation("What a channel is told, and who may call which method.")
        let path = commonFolder(of: contract) + [Self.contractModule]
        return GeneratedFile(name: path.joined(separator: "/") + ".py", content: text.source)
    }

    /// The folder that has all files in it, which may be none.
    private func commonFolder(of contract: Contract) -> [String] {
        let folders = contract.files.map { Array(PythonNames.module(ofPath: $0.path).dropLast()) }
        guard var common = folders.first else { return [] }
        for folder in folders {
            let pairs = zip(common, folder)
            common = Array(common.prefix(pairs.prefix { $0 == $1 }.reduce(0) { count, _ in count + 1 }))
        }
        return common
    }

    // MARK: Packages

    /// An `__init__.py` and a `py.typed` for each folder.
    private func packages(of contract: Contract) -> [GeneratedFile] {
        let common = commonFolder(of: contract)
        var exports: [[String]: [String: [String]]] = [common: [:]]
        for file in contract.files {
            let module = PythonNames.module(ofPath: file.path)
            let folder = Array(module.dropLast())
            exports[folder, default: [:]][module.last ?? ""] = file.pythonNames
            for count in folder.indices where exports[Array(folder[...count])] == nil {
                exports[Array(folder[...count])] = [:]
            }
        }
        for count in common.indices where exports[Array(common[...count])] == nil {
            exports[Array(common[...count])] = [:]
        }
        exports[common, default: [:]][Self.contractModule] = ["CONTRACT", "MANIFEST"]
        let folders = exports.filter { !$0.key.isEmpty }
            .sorted { $0.key.joined(separator: "/") < $1.key.joined(separator: "/") }
        return folders.flatMap { folder, modules in
            let path = folder.joined(separator: "/")
            return [
                GeneratedFile(name: "\(path)/__init__.py", content: package(folder, modules)),
                GeneratedFile(name: "\(path)/py.typed", content: "# The package is typed (PEP 561).\n"),
            ]
        }
    }

    private func package(_ folder: [String], _ modules: [String: [String]]) -> String {
        var text = Self.header("from the files of this folder", isLast: modules.isEmpty)
        let name = folder.joined(separator: ".")
        for (module, names) in modules.sorted(by: { $0.key < $1.key }) where !names.isEmpty {
            text.importing(names, from: "\(name).\(module)")
        }
        let all = modules.values.flatMap { $0 }.sorted()
        if !all.isEmpty {
            text.line()
            text.call("__all__ = ", all.map { "\"\($0)\"" }, brackets: ("[", "]"), isAlwaysLong: true)
        }
        return text.source
    }

    private static func header(_ source: String, isLast: Bool = false) -> PythonText {
        var text = PythonText()
        text.line("# Generated by protoc-gen-stator \(source). Do not edit.")
        if !isLast { text.line() }
        return text
    }
}

extension ContractFile {
    /// What its module offers, sorted.
    fileprivate var pythonNames: [String] {
        let types = enums.map(\.typeName) + messages.map(\.typeName)
        return
            (types.filter { $0.parent == nil }.map(\.last)
            + services.flatMap { ["\($0.name)Client", "\($0.name)Methods"] }).sorted()
    }
}
