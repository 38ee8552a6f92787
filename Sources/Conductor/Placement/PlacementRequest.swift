package import StatorObjects

/// What is to be placed: its size, and the image that its host must hold.
package struct PlacementRequest: Hashable, Sendable {
    package var resources: ResourceClaim
    package var image: ImageIdentity
    /// A host of a lower one does not know all of the instance.
    package var serviceVersion: UInt32

    package init(resources: ResourceClaim, image: ImageIdentity, serviceVersion: UInt32 = 0) {
        self.resources = resources
        self.image = image
        self.serviceVersion = serviceVersion
    }
}

/// One exact image: the same uuid with other content is another image.
package struct ImageIdentity: Hashable, Sendable {
    package var uuid: ObjectID
    package var checksum: [UInt8]

    package init(uuid: ObjectID, checksum: [UInt8]) {
        self.uuid = uuid
        self.checksum = checksum
    }
}

/// A host as placement sees it.
package struct HostCandidate: Hashable, Sendable {
    package var id: ObjectID
    package var name: String
    /// The generation that a claim must name.
    package var generation: Int64
    package var isDisabled: Bool
    /// Its lease is not over.
    package var isUp: Bool
    /// That it is not up may not last: it was a moment ago, and may be on its way from one conductor to another, or
    /// nobody could say so for a while.
    package var mayReturn: Bool
    package var capacity: ResourceClaim
    package var used: ResourceClaim
    package var images: Set<ImageIdentity>
    package var serviceVersion: UInt32
    /// What it cannot be told of the instance, since its release is too old for it; nil: it can be told everything.
    package var untellable: Untellable?

    package init(
        id: ObjectID, name: String, generation: Int64, isDisabled: Bool = false, isUp: Bool = true,
        mayReturn: Bool = false, capacity: ResourceClaim, used: ResourceClaim, images: Set<ImageIdentity>,
        serviceVersion: UInt32 = .max, untellable: Untellable? = nil
    ) {
        self.id = id
        self.name = name
        self.generation = generation
        self.isDisabled = isDisabled
        self.isUp = isUp
        self.mayReturn = mayReturn
        self.capacity = capacity
        self.used = used
        self.images = images
        self.serviceVersion = serviceVersion
        self.untellable = untellable
    }

    var freeMemoryMB: UInt32 { free(\.memoryMB) }

    /// What is left of one resource; none when more is used than there is, as after a host shrank.
    func free(_ resource: KeyPath<ResourceClaim, UInt32>) -> UInt32 {
        let (left, overflow) = capacity[keyPath: resource].subtractingReportingOverflow(used[keyPath: resource])
        return overflow ? 0 : left
    }
}
