internal import ComputeMessages
internal import StatorObjects
internal import StatorRPC
internal import StatorWire

/// A request of the conductor's service: what a user asked the API for, and which user that was.
protocol ForwardedRequest: VersionedMessage {
    associatedtype Request: VersionedMessage

    var requester: Requester? { get set }
    var request: Request? { get set }
}

extension ForwardedRequest {
    /// Takes the user from the certificate of the connection on which the request came.
    init(_ request: Request, from context: CallContext) throws(RPCError) {
        self.init()
        self.requester = try Requester(context.caller)
        self.request = request
    }
}

extension Requester {
    /// Only users and operators have servers; the router refuses others already, by the methods' declarations.
    init(_ caller: Identity) throws(RPCError) {
        self.init()
        switch caller.callerClass {
        case .user: isOperator = false
        case .operator: isOperator = true
        case .compute, .conductor, .api:
            throw RPCError(
                .permissionDenied, "a certificate of class \(caller.callerClass.rawValue) cannot act for a user")
        }
        userId = caller.name
    }
}

extension CreateInstanceRequest: ForwardedRequest {}
extension ListInstancesRequest: ForwardedRequest {}
extension GetInstanceRequest: ForwardedRequest {}
extension DeleteInstanceRequest: ForwardedRequest {}
extension StartInstanceRequest: ForwardedRequest {}
extension StopInstanceRequest: ForwardedRequest {}
extension RebootInstanceRequest: ForwardedRequest {}
extension PauseInstanceRequest: ForwardedRequest {}
extension UnpauseInstanceRequest: ForwardedRequest {}
extension GetInstanceConsoleRequest: ForwardedRequest {}
extension ConductorWatchOperationRequest: ForwardedRequest {}
extension ConductorListOperationsRequest: ForwardedRequest {}
extension ConductorListOperationsPageRequest: ForwardedRequest {}
extension ConductorGetOperationRequest: ForwardedRequest {}
extension ConductorListFlavorsRequest: ForwardedRequest {}
extension ConductorCreateFlavorRequest: ForwardedRequest {}
extension ConductorListImagesRequest: ForwardedRequest {}
extension ConductorListHostsRequest: ForwardedRequest {}
extension ConductorGetHostRequest: ForwardedRequest {}
extension ConductorUpdateHostRequest: ForwardedRequest {}
extension ConductorListServicesRequest: ForwardedRequest {}
extension ConductorGetUpgradeStatusRequest: ForwardedRequest {}
