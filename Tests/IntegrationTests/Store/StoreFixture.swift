import ComputeMessages
import Conductor
import Logging
import Postgres
import StatorObjects
import StatorReactor
import TestSupport

/// A migrated database of its own, and a loop with a client on it.
struct StoreFixture: Sendable {
    let store: Store
    let client: PostgresClient
    let loop: EventLoop

    /// Runs the body as a task of the loop.
    static func run<R: Sendable>(
        migrated: Bool = true, _ body: @escaping @Sendable (StoreFixture) async throws -> R
    ) async throws -> R {
        let connectionString = try TemporaryPostgres.shared().createDatabase()
        let loop = try EventLoop(label: "store-test")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        let client = try PostgresClient(
            PostgresConfiguration(
                connectionString: connectionString, connectionCount: 6, applicationName: "store-tests"),
            loop: loop, logger: quietLogger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) { await client.run() }
            let task = Task(executorPreference: loop) {
                defer { client.shutdown() }
                if migrated {
                    _ = try await Migrator(client, logger: quietLogger).migrate()
                }
                return try await body(StoreFixture(store: Store(client), client: client, loop: loop))
            }
            let result = await task.result
            try await group.waitForAll()
            return try result.get()
        }
    }

    static let quietLogger = Logger(label: "store-tests") { _ in SwiftLogNoOpLogHandler() }

    // MARK: Things to store

    static func flavor(
        name: String = "small", vcpus: UInt32 = 1, memoryMB: UInt32 = 512, rootGB: UInt32 = 1
    ) -> Flavor {
        var flavor = Flavor()
        flavor.uuid = .random()
        flavor.name = name
        flavor.vcpus = vcpus
        flavor.memoryMb = memoryMB
        flavor.rootGb = rootGB
        return flavor
    }

    static func image(name: String = "linux", uuid: ObjectID = .random(), checksum: UInt8 = 1) -> Image {
        var image = Image()
        image.uuid = uuid
        image.name = name
        image.checksum = [UInt8](repeating: checksum, count: 32)
        image.bootMethod = .kernel
        return image
    }

    static func newInstance(
        name: String = "web", userID: String = "alice", flavor: Flavor = flavor(), image: Image = image()
    ) -> NewInstance {
        var interface = NetworkInterface()
        interface.macAddress = "52:54:00:12:34:56"
        return NewInstance(
            uuid: .random(), userID: userID, displayName: name, displayDescription: "a server", userData: [0, 1, 2],
            flavor: flavor, image: image, networkInterfaces: [interface])
    }

    static func newOperation(
        _ kind: OperationKind = .create, step: OperationStep = .schedule, on instance: NewInstance,
        key: ObjectID? = nil, digest: [UInt8] = [1], timeout: Duration = .seconds(60)
    ) -> NewOperation {
        NewOperation(
            kind: kind, step: step, instanceUUID: instance.uuid, instanceName: instance.displayName,
            userID: instance.userID, idempotencyKey: key, requestDigest: digest, timeout: timeout)
    }

    static func fault(_ message: String) -> Fault {
        var fault = Fault()
        fault.code = 13
        fault.message = message
        return fault
    }

    @discardableResult
    func createInstance(
        _ instance: NewInstance = StoreFixture.newInstance(), timeout: Duration = .seconds(60)
    ) async throws -> (OperationRecord, InstanceRecord) {
        let beginning = try await store.createInstance(
            instance, operation: StoreFixture.newOperation(on: instance, timeout: timeout))
        switch beginning {
        case .begun(let operation, let record), .repeated(let operation, let record): return (operation, record)
        }
    }

    @discardableResult
    func registerHost(
        name: String = "host1", uuid: ObjectID = .random(), vcpus: UInt32 = 8, memoryMB: UInt32 = 8192,
        images: [Image] = [], conductor: String = "c1", bootEpoch: UInt64 = 1, lease: Duration = .seconds(60)
    ) async throws -> (HostRecord, HostAttachment) {
        let registration = HostRegistration(
            uuid: uuid, name: name, vcpus: vcpus, memoryMB: memoryMB, localGB: 100, hypervisor: "fake",
            accelerator: Accelerator.none, hypervisorVersion: "1", release: "0.1.0", serviceVersion: 1, images: images)
        return try await store.transaction { transaction in
            let host = try await transaction.hosts.register(registration)
            let attachment = try await transaction.hosts.attach(
                uuid, conductor: conductor, bootEpoch: bootEpoch, lease: lease)
            return (host, attachment)
        }
    }
}

/// The store's error that the body throws; nil: none, or another.
func storeError(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? StoreError
    }
}
