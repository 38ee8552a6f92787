package import ComputeMessages
internal import StatorObjects
package import StatorRPC

/// Who runs what, and how far an upgrade is.
extension ConductorAdapter {
    package func listServices(
        _ request: ConductorListServicesRequest, context: CallContext
    ) async throws -> ListServicesResponse {
        let scope = try RequesterScope(request.requester)
        var response = ListServicesResponse()
        response.services = try ListAnswer.fitting(
            try await upgrade.services(binary: request.request?.binary, for: scope))
        return response
    }

    package func getUpgradeStatus(
        _ request: ConductorGetUpgradeStatusRequest, context: CallContext
    ) async throws -> GetUpgradeStatusResponse {
        let scope = try RequesterScope(request.requester)
        var response = GetUpgradeStatusResponse()
        var status = try await upgrade.status(for: scope)
        status.services = try ListAnswer.fitting(status.services)
        response.status = status
        return response
    }
}
