package import ComputeMessages
package import StatorRPC

// Which services there are, and how far an upgrade is; for operators.
extension ComputeAdapter {
    package func listServices(
        _ request: ListServicesRequest, context: CallContext
    ) async throws -> ListServicesResponse {
        let forwarded = try ConductorListServicesRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.listServices(forwarded, options: options)
        }
    }

    package func getUpgradeStatus(
        _ request: GetUpgradeStatusRequest, context: CallContext
    ) async throws -> GetUpgradeStatusResponse {
        let forwarded = try ConductorGetUpgradeStatusRequest(request, from: context)
        return try await conductor.read(context) { client, options throws(RPCError) in
            try await client.getUpgradeStatus(forwarded, options: options)
        }
    }
}
