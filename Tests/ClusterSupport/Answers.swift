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
    package let vcpusUsed: Int?
    package let memoryMbUsed: Int?
    package let localGbUsed: Int?
    package let disabled: Bool?
    package let disabledReason: String?
    package let release: String?
    package let serviceVersion: Int?
}
