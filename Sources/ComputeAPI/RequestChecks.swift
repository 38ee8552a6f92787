internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC
internal import StatorWire

/// What the API refuses before it bothers a conductor; each refusal names the field.
///
/// The contract's formats and lengths are already checked when a request is decoded; here is what they
/// cannot say: what must be there, and what range makes sense.
extension CreateServerRequest {
    func check() throws {
        try checkName(name, field: "name")
        _ = try ObjectReference(flavor, field: "flavor")
        _ = try ObjectReference(image, field: "image")
        try checkText(description, field: "description", byteCountMax: ComputeLimits.descriptionByteCountMax)
        if let cpuModel, !ComputeLimits.isCPUModel(cpuModel) {
            throw refusal(
                "cpu_model '\(cpuModel.singleLine)' is no name: 1 to \(ComputeLimits.cpuModelLengthMax) letters, digits, '.', '_' "
                    + "and '-'")
        }
        if tags.count > ComputeLimits.tagCountMax {
            throw refusal("tags has \(tags.count) entries; it takes at most \(ComputeLimits.tagCountMax)")
        }
        if let userData, userData.count > ComputeLimits.userDataByteCountMax {
            throw refusal(
                "user_data has \(userData.count) bytes; it takes at most \(ComputeLimits.userDataByteCountMax)")
        }
    }
}

extension ListServersRequest {
    func check() throws {
        try checkRange(limit, field: "limit", ComputeLimits.listLimit)
    }
}

extension ServerRequest {
    func check() throws {
        _ = try ObjectReference(server, field: "server")
    }
}

extension RebootServerRequest {
    func check() throws {
        _ = try ObjectReference(server, field: "server")
    }
}

extension GetConsoleOutputRequest {
    func check() throws {
        _ = try ObjectReference(server, field: "server")
        try checkRange(lengthMax, field: "length_max", ComputeLimits.consoleByteCount)
    }
}

extension WatchOperationRequest {
    func check() throws {
        if uuid == nil { throw refusal("uuid is missing; give the operation's id") }
    }
}

extension OperationRequest {
    func check() throws {
        if uuid == nil { throw refusal("uuid is missing; give the operation's id") }
    }
}

extension ListOperationsRequest {
    func check() throws {
        if server != nil { _ = try ObjectReference(server, field: "server") }
        try checkRange(limit, field: "limit", ComputeLimits.listLimit)
    }
}

extension ListOperationsPageRequest {
    func check() throws {
        if server != nil { _ = try ObjectReference(server, field: "server") }
        try checkRange(limit, field: "limit", ComputeLimits.listLimit)
    }
}

extension HostRequest {
    func check() throws {
        _ = try ObjectReference(host, field: "host")
    }
}

extension UpdateHostRequest {
    func check() throws {
        _ = try ObjectReference(host, field: "host")
        if disabled == nil { throw refusal("disabled is missing; say true or false") }
        try checkText(
            disabledReason, field: "disabled_reason", byteCountMax: ComputeLimits.disabledReasonByteCountMax)
        if disabled == false, disabledReason != nil {
            throw refusal("disabled_reason goes with disabled only; leave it out to enable the host")
        }
    }
}

extension CreateFlavorRequest {
    func check() throws {
        guard let flavor else { throw refusal("flavor is missing") }
        try checkName(flavor.name, field: "flavor.name")
        try checkSize(flavor.vcpus, field: "flavor.vcpus", ComputeLimits.flavorVcpus)
        try checkSize(flavor.memoryMb, field: "flavor.memory_mb", ComputeLimits.flavorMemoryMb)
        try checkSize(flavor.rootGb, field: "flavor.root_gb", ComputeLimits.flavorRootGb)
        try checkText(
            flavor.description, field: "flavor.description", byteCountMax: ComputeLimits.descriptionByteCountMax)
        for field in flavor.setFields where !Self.fieldsOfRequest.contains(field) {
            throw refusal("flavor.\(field) is the conductor's to set; leave it out")
        }
    }

    private static let fieldsOfRequest: Set<String> = ["name", "vcpus", "memory_mb", "root_gb", "description"]
}

private func refusal(_ message: String) -> RPCError {
    RPCError(.invalidArgument, message)
}

/// Refuses a number outside of its range; an absent one means the default.
private func checkRange(_ value: UInt32?, field: String, _ range: ClosedRange<UInt32>) throws(RPCError) {
    guard let value, !range.contains(value) else { return }
    throw refusal("\(field) is \(value); it takes \(range.lowerBound) to \(range.upperBound)")
}

/// The same for a number that has no default.
private func checkSize(_ value: UInt32?, field: String, _ range: ClosedRange<UInt32>) throws(RPCError) {
    guard value != nil else {
        throw refusal("\(field) is missing; it takes \(range.lowerBound) to \(range.upperBound)")
    }
    try checkRange(value, field: field, range)
}

/// Refuses text that is too long or that would steer a terminal; lines and tabs are allowed in it.
private func checkText(_ text: String?, field: String, byteCountMax: Int) throws(RPCError) {
    guard let text else { return }
    guard text.utf8.count <= byteCountMax else {
        throw refusal("\(field) has \(text.utf8.count) bytes; it takes at most \(byteCountMax)")
    }
    if text.unicodeScalars.contains(where: { $0.isControl && $0 != "\n" && $0 != "\t" }) {
        throw refusal("\(field) contains control characters")
    }
}
