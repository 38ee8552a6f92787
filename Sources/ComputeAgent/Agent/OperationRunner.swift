internal import ComputeMessages
internal import ComputeObjects
internal import Logging
internal import StatorObjects
internal import StatorWire

/// How an operation ended on this host.
enum OperationResult: Sendable {
    case succeeded(PowerState)
    case failed(DriverError, PowerState?)
    /// Its task was cancelled, by a delete or because the agent stops; it is not known how far it came.
    case interrupted
}

/// Carries single operations out with the driver; knows nothing of records and reports.
struct OperationRunner: Sendable {
    private static let undoDelays: [Duration] = [.milliseconds(200), .seconds(1), .seconds(5), .seconds(15)]
    private static let deleteAttemptMax = 5

    let driver: any Driver
    let images: ImageDirectory
    let imageQueue: BlockingQueue
    /// How long a guest may take to power itself off.
    let grace: Duration
    let logger: Logger

    func run(_ kind: OperationKind, _ instance: Instance, recovery: RecoveryDecision = .carryOut) async
        -> OperationResult
    {
        guard let id = instance.uuid else {
            return .failed(DriverError(.invalidArgument, "the instance has no uuid"), nil)
        }
        if recovery == .succeeded { return .succeeded(.running) }
        if kind == .delete { return await delete(id) }
        do throws(DriverError) {
            switch kind {
            case .create: try await build(instance)
            case .start: try await driver.start(try await specification(instance))
            case .stop: try await driver.stop(id, grace: grace)
            case .reboot where recovery != .reset:
                try await driver.reboot(try await specification(instance), grace: grace)
            case .reboot, .rebootHard: try await driver.reset(try await specification(instance))
            case .pause: try await driver.pause(id)
            case .unpause: try await driver.unpause(id)
            case .delete, .unspecified: throw DriverError(.unimplemented, "this host does not know the operation")
            }
            return .succeeded(kind.rule?.powerState ?? .running)
        } catch {
            return await failed(kind, id, error)
        }
    }

    /// The directive holds all that a build needs; the conductor is asked for nothing.
    private func build(_ instance: Instance) async throws(DriverError) {
        let guest = try await specification(instance)
        // What an earlier attempt left, that the agent's death cut short.
        try await driver.destroy(guest.id)
        try await driver.create(guest)
    }

    private func specification(_ instance: Instance) async throws(DriverError) -> GuestSpecification {
        let wanted = instance.image
        let images = images
        let image = try await imageQueue.run { () throws(DriverError) in try images.image(for: wanted) }
        return try GuestSpecification(instance, image: image)
    }

    private func failed(_ kind: OperationKind, _ id: ObjectID, _ error: DriverError) async -> OperationResult {
        if Task.isCancelled { return .interrupted }
        logger.warning("\(kind) failed", metadata: ["instance": "\(id)", "reason": "\(error)"])
        guard kind == .create else {
            return .failed(error, try? await driver.powerState(of: id))
        }
        return await undo(id) ? .failed(error, nil) : .interrupted
    }

    /// Removes what a failed build has begun; a failure is not reported before that has worked.
    private func undo(_ id: ObjectID) async -> Bool {
        var attempt = 0
        while !Task.isCancelled {
            do throws(DriverError) {
                try await driver.destroy(id)
                return true
            } catch {
                logger.error(
                    "a failed build cannot be undone yet", metadata: ["instance": "\(id)", "reason": "\(error)"])
            }
            try? await Task.sleep(for: Self.undoDelays[min(attempt, Self.undoDelays.count - 1)])
            attempt += 1
        }
        return false
    }

    private func delete(_ id: ObjectID) async -> OperationResult {
        for attempt in 1...Self.deleteAttemptMax {
            do throws(DriverError) {
                try await driver.destroy(id)
                return .succeeded(.pending)
            } catch {
                logger.error("a guest cannot be deleted", metadata: ["instance": "\(id)", "reason": "\(error)"])
                if attempt == Self.deleteAttemptMax { return .failed(error, try? await driver.powerState(of: id)) }
            }
            try? await Task.sleep(for: Self.undoDelays[min(attempt - 1, Self.undoDelays.count - 1)])
            if Task.isCancelled { break }
        }
        return .interrupted
    }
}
