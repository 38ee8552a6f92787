import ComputeMessages
import StatorObjects

/// Every message type of the contract.
let messageTypes: [any VersionedMessage.Type] = [
    Fault.self, Flavor.self, Image.self, NetworkInterface.self, BlockDevice.self, Instance.self, Host.self,
    Service.self, Operation.self, Directive.self, Report.self,
    CreateServerRequest.self, ServerOperationResponse.self, ListServersRequest.self, ListServersResponse.self,
    ServerRequest.self, ServerResponse.self, RebootServerRequest.self, GetConsoleOutputRequest.self,
    ConsoleOutput.self, WatchOperationRequest.self, OperationResponse.self, ListHostsRequest.self,
    ListHostsResponse.self, HostRequest.self, HostResponse.self, UpdateHostRequest.self, ListFlavorsRequest.self,
    ListFlavorsResponse.self, CreateFlavorRequest.self, FlavorResponse.self, ListImagesRequest.self,
    ListImagesResponse.self, ListOperationsRequest.self, ListOperationsResponse.self, OperationRequest.self,
    Requester.self, CreateInstanceRequest.self, RebootInstanceRequest.self, RegisterServiceRequest.self,
    RegisterHostRequest.self, RegisterHostResponse.self, ReportRequest.self, ReportResponse.self,
    GetHostInstancesRequest.self, GetHostInstancesResponse.self, ExecuteRequest.self, ExecuteResponse.self,
    GetGuestConsoleRequest.self, ConductorCreateFlavorRequest.self, ConductorGetHostRequest.self,
    ConductorGetOperationRequest.self, ConductorListFlavorsRequest.self, ConductorListHostsRequest.self,
    ConductorListImagesRequest.self, ConductorListOperationsRequest.self, ConductorUpdateHostRequest.self,
    ConductorWatchOperationRequest.self, DeleteInstanceRequest.self, GetInstanceConsoleRequest.self,
    GetInstanceRequest.self, ListInstancesRequest.self, RegisterServiceResponse.self, RenewLeaseRequest.self,
    RenewLeaseResponse.self, StartInstanceRequest.self, StopInstanceRequest.self, ListServicesRequest.self,
    ListServicesResponse.self, GetUpgradeStatusRequest.self, GetUpgradeStatusResponse.self, UpgradeStatus.self,
    FeatureGateStatus.self, MigrationStatus.self, ConductorListServicesRequest.self,
    ConductorGetUpgradeStatusRequest.self,
    ConductorListOperationsPageRequest.self, HostUsage.self, ListOperationsPageRequest.self,
    ListOperationsPageResponse.self, PauseInstanceRequest.self, UnpauseInstanceRequest.self,
]

/// An instance with every kind of field set.
func sampleInstance() -> Instance {
    var flavor = Flavor()
    flavor.uuid = ObjectID(high: 3, low: 4)
    flavor.name = "small"
    flavor.vcpus = 1
    flavor.description = "one core"
    var networkInterface = NetworkInterface()
    networkInterface.macAddress = "52:54:00:12:34:56"
    networkInterface.model = "virtio-net-pci"
    networkInterface.ipAddress = "10.0.2.15"
    var blockDevice = BlockDevice()
    blockDevice.deviceName = "vda"
    blockDevice.bootIndex = 0
    var instance = Instance()
    instance.uuid = ObjectID(high: 1, low: 2)
    instance.displayName = "web-1"
    instance.vmState = .active
    instance.taskState = TaskState.none
    instance.powerState = .running
    instance.vcpus = 1
    instance.flavor = flavor
    instance.networkInterfaces = [networkInterface]
    instance.blockDevices = [blockDevice, BlockDevice()]
    instance.createdAt = Timestamp(microsecondsSinceEpoch: 1_700_000_000_000_001)
    instance.generation = .max
    return instance
}
