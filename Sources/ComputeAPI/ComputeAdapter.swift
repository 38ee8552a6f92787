package import ComputeMessages
internal import ComputeObjects
package import StatorRPC
internal import StatorWire

/// What users call, forwarded to a conductor: each method checks the request, puts the user of the caller's
/// certificate beside it and hands it on.
package struct ComputeAdapter: ComputeService {
    let conductor: ConductorLink

    package init(conductor: ConductorLink) {
        self.conductor = conductor
    }

    // MARK: servers

    package func createServer(
        _ request: CreateServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try CreateInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.createInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func listServers(
        _ request: ListServersRequest, context: CallContext
    ) async throws -> ListServersResponse {
        try request.check()
        if request.allUsers == true && context.caller.callerClass != .operator {
            throw RPCError(
                .permissionDenied,
                "all_users is for operators; '\(context.caller.name)' is a user and sees its own servers")
        }
        let forwarded = try ListInstancesRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listInstances(forwarded, options: options)
        }.shown(to: context)
    }

    package func getServer(_ request: ServerRequest, context: CallContext) async throws -> ServerResponse {
        try request.check()
        let forwarded = try GetInstanceRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.getInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func deleteServer(
        _ request: ServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try DeleteInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.deleteInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func startServer(
        _ request: ServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try StartInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.startInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func stopServer(
        _ request: ServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try StopInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.stopInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func rebootServer(
        _ request: RebootServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try RebootInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.rebootInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func pauseServer(
        _ request: ServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try PauseInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.pauseInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func unpauseServer(
        _ request: ServerRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try request.check()
        let forwarded = try UnpauseInstanceRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.unpauseInstance(forwarded, options: options)
        }.shown(to: context)
    }

    package func getConsoleOutput(
        _ request: GetConsoleOutputRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
    ) async throws {
        try request.check()
        let forwarded = try GetInstanceConsoleRequest(request, from: context)
        try await conductor.forwardOnce(context, to: responses) { client, options throws(RPCError) in
            try await client.getInstanceConsole(forwarded, options: options)
        }
    }

    // MARK: operations

    package func watchOperation(
        _ request: WatchOperationRequest, responses: ResponseWriter<OperationResponse>, context: CallContext
    ) async throws {
        try request.check()
        let forwarded = try ConductorWatchOperationRequest(request, from: context)
        try await conductor.follow(
            context, to: responses,
            isLast: { $0.operation?.state?.isFinal == true },
            open: { client, options throws(RPCError) in
                try await client.watchOperation(forwarded, options: options)
            })
    }

    package func listOperations(
        _ request: ListOperationsRequest, context: CallContext
    ) async throws -> ListOperationsResponse {
        try request.check()
        let forwarded = try ConductorListOperationsRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listOperations(forwarded, options: options)
        }
    }

    package func listOperationsPage(
        _ request: ListOperationsPageRequest, context: CallContext
    ) async throws -> ListOperationsPageResponse {
        try request.check()
        let forwarded = try ConductorListOperationsPageRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listOperationsPage(forwarded, options: options)
        }
    }

    package func getOperation(_ request: OperationRequest, context: CallContext) async throws -> OperationResponse {
        try request.check()
        let forwarded = try ConductorGetOperationRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.getOperation(forwarded, options: options)
        }
    }
}
