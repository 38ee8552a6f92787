package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

/// Fetches a guest's console from its host, which this conductor or another holds the connection of.
struct ConsoleRequests: Sendable {
    let store: Store
    let instances: InstanceRequests
    let hosts: AttachedHosts
    let peers: PeerConductors

    /// Hands the output on part by part; a slow reader slows the host's stream.
    func copy(
        _ request: GetInstanceConsoleRequest, context: CallContext, to write: (ConsoleOutput) async throws -> Void
    ) async throws {
        let scope = try RequesterScope(request.requester)
        let lengthMax = request.request?.lengthMax ?? ComputeLimits.consoleByteCount.upperBound
        guard ComputeLimits.consoleByteCount.contains(lengthMax) else {
            throw ConductorError(
                .invalid, "length_max is \(lengthMax); it takes 1 to \(ComputeLimits.consoleByteCount.upperBound)")
        }
        let instance = try await instances.find(request.request?.server, for: scope)
        guard let hostID = instance.hostID, !instance.isDeleted else {
            throw ConductorError(
                .wrongState, "server '\(instance.displayName)' is on no host, so it has no console")
        }
        let stream: ResponseStream<ConsoleOutput>
        if let attachment = hosts.attachment(of: hostID) {
            var guest = GetGuestConsoleRequest()
            guest.instanceUuid = instance.uuid
            guest.lengthMax = lengthMax
            stream = try await HostControlClient(attachment.connection)
                .getConsoleOutput(guest, options: context.callOptions)
        } else {
            // By id: between here and there the name may come to mean another.
            var forwarded = request
            var server = request.request ?? GetConsoleOutputRequest()
            server.server = instance.uuid.description
            forwarded.request = server
            stream = try await forward(forwarded, hostID: hostID, context: context)
        }
        var allowance = ConsoleAllowance(byteCount: Int(lengthMax))
        for try await output in stream {
            try await write(allowance.take(output))
            // Leaving the stream cancels it: a host that goes on is not listened to.
            if allowance.isSpent { return }
        }
    }

    /// Once only: a conductor that was asked by another looks no further.
    private func forward(
        _ request: GetInstanceConsoleRequest, hostID: ObjectID, context: CallContext
    ) async throws -> ResponseStream<ConsoleOutput> {
        guard context.caller.callerClass != .conductor,
            let host = try await store.hosts.get(hostID), host.isUp, let name = host.conductor,
            let service = try await store.services.find(binary: ConductorRegistration.binary, name: name),
            let address = service.address
        else {
            throw ConductorError(.hostUnreachable, "the server's host is not connected at the moment")
        }
        let channel = try await peers.channel(to: name, at: address)
        return try await ConductorClient(channel).getInstanceConsole(request, options: context.callOptions)
    }
}

/// How much of a console is still to be handed on, whatever its host sends.
package struct ConsoleAllowance {
    private var remaining: Int

    package init(byteCount: Int) {
        remaining = byteCount
    }

    package var isSpent: Bool { remaining <= 0 }

    /// The part, cut where the allowance ends. An empty part counts as a byte, so that there is an end to them, too.
    package mutating func take(_ output: ConsoleOutput) -> ConsoleOutput {
        let data = output.data ?? []
        var part = ConsoleOutput()
        part.data = Array(data.prefix(max(0, remaining)))
        remaining -= max(1, data.count)
        return part
    }
}
