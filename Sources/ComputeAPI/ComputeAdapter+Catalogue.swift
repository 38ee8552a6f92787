package import ComputeMessages
package import StatorRPC

// Flavors and images, and the hosts that operators look after.
extension ComputeAdapter {
    package func listFlavors(
        _ request: ListFlavorsRequest, context: CallContext
    ) async throws -> ListFlavorsResponse {
        let forwarded = try ConductorListFlavorsRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listFlavors(forwarded, options: options)
        }
    }

    package func createFlavor(
        _ request: CreateFlavorRequest, context: CallContext
    ) async throws -> FlavorResponse {
        try request.check()
        let forwarded = try ConductorCreateFlavorRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.createFlavor(forwarded, options: options)
        }
    }

    package func listImages(
        _ request: ListImagesRequest, context: CallContext
    ) async throws -> ListImagesResponse {
        let forwarded = try ConductorListImagesRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listImages(forwarded, options: options)
        }
    }

    package func listHosts(_ request: ListHostsRequest, context: CallContext) async throws -> ListHostsResponse {
        let forwarded = try ConductorListHostsRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listHosts(forwarded, options: options)
        }
    }

    package func getHost(_ request: HostRequest, context: CallContext) async throws -> HostResponse {
        try request.check()
        let forwarded = try ConductorGetHostRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.getHost(forwarded, options: options)
        }
    }

    package func updateHost(_ request: UpdateHostRequest, context: CallContext) async throws -> HostResponse {
        try request.check()
        let forwarded = try ConductorUpdateHostRequest(request, from: context)
        return try await conductor.mutate(context) { client, options throws(RPCError) in
            try await client.updateHost(forwarded, options: options)
        }
    }
}
