package import ComputeMessages
internal import StatorObjects
package import StatorRPC

/// Hosts, services, and the catalogue of flavors and images.
extension ConductorAdapter {
    package func listFlavors(
        _ request: ConductorListFlavorsRequest, context: CallContext
    ) async throws -> ListFlavorsResponse {
        _ = try RequesterScope(request.requester)
        var response = ListFlavorsResponse()
        response.flavors = try await store.flavors.list()
        return response
    }

    package func createFlavor(
        _ request: ConductorCreateFlavorRequest, context: CallContext
    ) async throws -> FlavorResponse {
        let scope = try RequesterScope(request.requester)
        var response = FlavorResponse()
        response.flavor = try await fleet.createFlavor(request.request?.flavor, for: scope)
        return response
    }

    package func listImages(
        _ request: ConductorListImagesRequest, context: CallContext
    ) async throws -> ListImagesResponse {
        _ = try RequesterScope(request.requester)
        var response = ListImagesResponse()
        response.images = try await store.images.list()
        return response
    }

    package func listHosts(
        _ request: ConductorListHostsRequest, context: CallContext
    ) async throws -> ListHostsResponse {
        let scope = try RequesterScope(request.requester)
        var response = ListHostsResponse()
        response.hosts = try await fleet.hosts(for: scope).map { $0.message() }
        return response
    }

    package func getHost(_ request: ConductorGetHostRequest, context: CallContext) async throws -> HostResponse {
        let scope = try RequesterScope(request.requester)
        let (record, images) = try await fleet.host(request.request?.host, for: scope)
        var response = HostResponse()
        response.host = record.message(images: images)
        return response
    }

    package func updateHost(
        _ request: ConductorUpdateHostRequest, context: CallContext
    ) async throws -> HostResponse {
        let scope = try RequesterScope(request.requester)
        var response = HostResponse()
        response.host = try await fleet.update(request.request ?? UpdateHostRequest(), for: scope).message()
        return response
    }

    package func registerService(
        _ request: RegisterServiceRequest, context: CallContext
    ) async throws -> RegisterServiceResponse {
        var response = RegisterServiceResponse()
        response.service = try await fleet.register(request.service, callerName: context.caller.name).message
        response.leaseMs = Leases.milliseconds(Leases.service)
        return response
    }
}
