extension Evolution {
    mutating func compare(_ method: MethodModel, named name: String) {
        guard let (release, frozen) = newest(\.methods, name) else {
            checkNew(method, named: name)
            return
        }
        compareMessages(method, named: name, with: frozen, release)
        let missing = frozen.callers.filter { !method.callers.contains($0) }.map(Self.declared)
        if !missing.isEmpty {
            report(
                method.place,
                "\(name) no longer allows \(missing.joined(separator: ", ")), which call it in release "
                    + "\(release.name).", fix: "add \(missing.joined(separator: ", ")) to its callers.")
        }
        if frozen.isIdempotent, !method.isIdempotent {
            report(
                method.place, "\(name) is no longer idempotent, but clients of release \(release.name) repeat it.",
                fix: "write `idempotent: true`, or declare a method of a new name.")
        }
        if method.since != frozen.since {
            report(
                method.place,
                "\(name) exists since service version \(method.since), but in release \(release.name) since "
                    + "\(frozen.since).", fix: "write `since: \(frozen.since)`.")
        }
        if let until = method.until, until != frozen.until, until <= serviceVersion, release.isSupported {
            report(
                method.place,
                "\(name) ends at service version \(until), but release \(release.name), which service version "
                    + "\(serviceVersion) has to serve, calls it.", fix: "write `until: \(serviceVersion + 1)`.")
        }
    }

    private mutating func compareMessages(
        _ method: MethodModel, named name: String, with frozen: MethodModel, _ release: Release
    ) {
        let fix = "take that back, and declare a method of a new name with `since: \(serviceVersion)`."
        if method.requestName != frozen.requestName {
            report(
                method.place,
                "\(name) takes \(method.requestName), but \(frozen.requestName) in release \(release.name).", fix: fix)
        }
        if method.responseName != frozen.responseName {
            report(
                method.place,
                "\(name) returns \(method.responseName), but \(frozen.responseName) in release \(release.name).",
                fix: fix)
        }
        if method.shape != frozen.shape {
            report(
                method.place,
                "\(name) is \(method.shape.declared), but \(frozen.shape.declared) in release \(release.name).",
                fix: fix)
        }
    }

    private mutating func checkNew(_ method: MethodModel, named name: String) {
        guard let newest = releases.first else { return }
        let fix = "write `since: \(serviceVersion)`."
        guard let since = method.declaredSince else {
            report(
                method.place,
                "\(name) is new since release \(newest.name), but does not say since which service version.", fix: fix)
            return
        }
        if since <= newest.frozen.serviceVersion {
            report(
                method.place,
                "\(name) exists since service version \(since), but release \(newest.name), which is service version "
                    + "\(newest.frozen.serviceVersion), lacks it.", fix: fix)
        } else if since > serviceVersion {
            report(
                method.place,
                "\(name) exists since service version \(since), but the next release is service version "
                    + "\(serviceVersion).", fix: fix)
        }
    }

    mutating func findRemovedMethods() {
        var told: Set<String> = []
        for release in releases where release.isSupported {
            for service in release.index.services.values {
                for method in service.methods where isNeeded(method) {
                    let name = "\(service.fullName)/\(method.name)"
                    guard current.methods[name] == nil, told.insert(name).inserted else { continue }
                    let sentence =
                        "\(name) is gone, but release \(release.name), which service version \(serviceVersion) has to "
                        + "serve, calls it."
                    let fix =
                        "declare it again with `until: \(serviceVersion + 1)`; service version \(serviceVersion + 1) "
                        + "can remove it."
                    if let place = current.services[service.fullName]?.place {
                        report(place, sentence, fix: fix)
                    } else {
                        report(method.place, of: release, sentence, fix: fix)
                    }
                }
            }
        }
    }

    /// Whether the contract has to serve a method as frozen.
    func isNeeded(_ method: MethodModel) -> Bool {
        method.until.map { $0 > serviceVersion } ?? true
    }

    private static func declared(_ caller: String) -> String { "CALLER_CLASS_\(caller.uppercased())" }
}

extension MethodModel.Shape {
    /// As sentences name it.
    var declared: String {
        switch self {
        case .unary: "unary"
        case .clientStreaming: "client-streaming"
        case .serverStreaming: "server-streaming"
        case .bidirectional: "bidirectional"
        }
    }
}
