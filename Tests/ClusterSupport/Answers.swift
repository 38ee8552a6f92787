/// The parts of the API's answers that tests look at.
package struct ServerAnswer: Decodable, Sendable {
    package let instance: InstanceAnswer?
    package let operation: OperationAnswer?
}

package struct ServersAnswer: Decodable, Sendable {
    package let instances: [InstanceAnswer]
}

package struct OperationsAnswer: Decodable, Sendable {
    package let operations: [OperationAnswer]
}

package struct HostsAnswer: Decodable, Sendable {
    package let hosts: [HostAnswer]
}

package struct InstanceAnswer: Decodable, Sendable {
    package let uuid: String
    package let displayName: String?
    package let displayDescription: String?
    package let userId: String?
    package let vmState: String?
    package let taskState: String?
    package let powerState: String?
    package let vcpus: Int?
    package let memoryMb: Int?
    package let rootGb: Int?
    package let flavor: NamedAnswer?
    package let image: NamedAnswer?
    package let host: String?
}

/// Something that has a name of its own within another answer.
package struct NamedAnswer: Decodable, Sendable {
    package let name: String?
}

package struct OperationAnswer: Decodable, Sendable {
    package let uuid: String
    package let kind: String?
    package let state: String?
    package let instanceUuid: String?
    package let conductor: String?

    package var hasEnded: Bool { ["succeeded", "failed", "cancelled"].contains(state ?? "") }
}

package struct HostAnswer: Decodable, Sendable {
    package let name: String
    package let up: Bool?
    /// As release 0.1 says it, and as later ones do.
    let vcpusUsed: Int?
    let memoryMbUsed: Int?
    let localGbUsed: Int?
    let usage: Usage?
    package let disabled: Bool?
    package let disabledReason: String?
    package let release: String?
    package let serviceVersion: Int?

    package struct Usage: Decodable, Sendable {
        let vcpus: Int?
        let memoryMb: Int?
        let localGb: Int?
    }

    package var usedVcpus: Int { usage?.vcpus ?? vcpusUsed ?? 0 }
    package var usedMemoryMb: Int { usage?.memoryMb ?? memoryMbUsed ?? 0 }
    package var usedLocalGb: Int { usage?.localGb ?? localGbUsed ?? 0 }
}
