/// One reason why a host may not take an instance.
///
/// Filters run in the order of the cases; a host is counted under the first that refuses it.
package enum PlacementFilter: Hashable, Sendable, CaseIterable {
    case enabled
    case up
    case vcpus
    case memory
    case disk
    case serviceVersion
    case release
    case image

    /// Whether the host passes.
    package func passes(_ host: HostCandidate, for request: PlacementRequest) -> Bool {
        switch self {
        case .enabled: !host.isDisabled
        case .up: host.isUp
        case .image: host.images.contains(request.image)
        case .serviceVersion: host.serviceVersion >= request.serviceVersion
        case .release: host.untellable == nil
        case .vcpus: host.free(\.vcpus) >= request.resources.vcpus
        case .memory: host.free(\.memoryMB) >= request.resources.memoryMB
        case .disk: host.free(\.diskGB) >= request.resources.diskGB
        }
    }

    /// What refused hosts have in common, for the sentence that the user reads.
    func refusal(for request: PlacementRequest) -> String {
        switch self {
        case .enabled: "disabled"
        case .serviceVersion: "below service version \(request.serviceVersion)"
        case .release: "of a release that cannot be told of it"
        case .up: "not connected"
        case .image: "without the image"
        case .vcpus: "with fewer than \(request.resources.vcpus) vCPUs free"
        case .memory: "with less than \(request.resources.memoryMB) MB of memory free"
        case .disk: "with less than \(request.resources.diskGB) GB of disk free"
        }
    }
}
