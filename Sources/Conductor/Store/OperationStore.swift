package import ComputeMessages
internal import ComputeObjects
internal import Postgres
package import StatorObjects

/// The table `operations`. Every change but a lease's renewal notifies `stator_operations` with the operation's uuid.
package struct OperationStore: Sendable {
    private let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    /// Writes a new operation, in a transaction with its instance; nil: its idempotency key was used before.
    func create(_ new: NewOperation) async throws(StoreError) -> OperationRecord? {
        try await session.row(
            Self.changing(
                """
                INSERT INTO operations (uuid, kind, state, step, instance_uuid, instance_name, user_id,
                    idempotency_key, request_digest, attempt, not_before, deadline, created_at, generation)
                SELECT $1, $2, $3, $4, $5, $6, $7, $8::uuid, $9, 0, now, now + $10, now, 1
                FROM (SELECT stator_now() AS now) AS clock
                ON CONFLICT (user_id, idempotency_key) DO NOTHING
                RETURNING *
                """),
            [
                .id(new.uuid), .state(new.kind), .state(OperationState.queued), .state(new.step),
                .id(new.instanceUUID), .text(new.instanceName), .text(new.userID), .id(orNil: new.idempotencyKey),
                .bytea(new.requestDigest), .duration(new.timeout),
            ],
            Self.decode)
    }

    /// What an earlier request with this key began; refuses a key of another request (`.idempotencyKeyReused`).
    func begun(userID: String, key: ObjectID, digest: [UInt8]) async throws(StoreError) -> OperationRecord? {
        let found = try await session.row(
            "SELECT \(Self.columns), o.request_digest FROM operations AS o WHERE o.user_id = $1 AND o.idempotency_key = $2",
            [.text(userID), .id(key)]
        ) { row throws(StoreError) in
            (record: try Self.decode(row), digest: try row.bytes("request_digest"))
        }
        guard let found else { return nil }
        guard found.digest == digest else {
            throw StoreError(.idempotencyKeyReused, "the idempotency key \(key) was used before, for another request")
        }
        return found.record
    }

    package func get(_ uuid: ObjectID) async throws(StoreError) -> OperationRecord? {
        try await session.row(
            "SELECT \(Self.columns) FROM operations AS o WHERE o.uuid = $1", [.id(uuid)], Self.decode)
    }

    /// Those that there are of these.
    package func get(_ uuids: [ObjectID]) async throws(StoreError) -> [OperationRecord] {
        try await session.rows(
            "SELECT \(Self.columns) FROM operations AS o WHERE o.uuid = ANY($1)", [.ids(uuids)], Self.decode)
    }

    /// Newest first; of one user, of one instance, or all; those behind `marker`, or from the newest on.
    package func list(
        userID: String?, instanceUUID: ObjectID?, after marker: OperationRecord? = nil, limit: Int
    ) async throws(StoreError) -> [OperationRecord] {
        var parameters: [PostgresValue] = [.number(limit)]
        var conditions: [String] = []
        func parameter(_ value: PostgresValue) -> String {
            parameters.append(value)
            return "$\(parameters.count)"
        }
        if let userID { conditions.append("o.user_id = \(parameter(.text(userID)))") }
        if let instanceUUID { conditions.append("o.instance_uuid = \(parameter(.id(instanceUUID)))") }
        if let marker {
            let time = parameter(.time(orNil: marker.createdAt))
            conditions.append(
                "(o.created_at < \(time) OR (o.created_at = \(time) AND o.uuid > \(parameter(.id(marker.uuid)))))")
        }
        return try await session.rows(
            """
            SELECT \(Self.columns) FROM operations AS o
            \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY o.created_at DESC, o.uuid LIMIT $1
            """,
            parameters, Self.decode)
    }

    /// Those of the instance that have not ended, oldest first.
    package func unfinished(instanceUUID: ObjectID) async throws(StoreError) -> [OperationRecord] {
        try await session.rows(
            """
            SELECT \(Self.columns) FROM operations AS o
            WHERE o.instance_uuid = $1 AND o.state IN (\(Self.unfinished)) ORDER BY o.created_at, o.uuid
            """,
            [.id(instanceUUID)], Self.decode)
    }

    /// How long until `take` may find more, though nobody notifies; nil: nothing is waiting for a time.
    package func nextWakeUp(conductor: String) async throws(StoreError) -> Duration? {
        let wait = try await session.row(
            """
            SELECT min(greatest(
                CASE WHEN o.state = \(OperationState.queued.rawValue) THEN o.not_before ELSE o.lease_until END,
                CASE WHEN \(Self.isDoable) THEN 0 ELSE o.deadline END)) - stator_now() AS wait
            FROM \(Self.withHost)
            WHERE o.state IN (\(Self.unfinished)) AND \(Self.isKnown)
                AND ((\(Self.isDoable)) OR o.directed_at IS NULL)
            """,
            [.text(conductor)]
        ) { row throws(StoreError) in try row.timeOrNil("wait") }
        return (wait ?? nil).map { .microseconds(max(0, $0.microsecondsSinceEpoch)) }
    }
}

// What the conductor that works on an operation writes.
extension OperationStore {
    /// Takes up to `limit` that can go on now, oldest first: each is then running, leased to the conductor, one more
    /// attempt begun, and nobody else's.
    ///
    /// Those can go on that are queued and due, or whose lease is over, or leased to another conductor although the
    /// host is attached to this one; and of these the ones that are at SCHEDULE, or whose instance has no host, or whose
    /// host is attached to this conductor, or whose deadline is over before any host could know of them, or whose host
    /// is away and was never told. What only a newer release knows is left for its conductors, also past its deadline:
    /// its kinds and steps, and guests that are to be started with what this one does not know of.
    ///
    /// - Parameter fullHosts: Hosts that have enough to do; what is at a step on one of them is left.
    package func take(
        conductor: String, lease: Duration, limit: Int, exceptOn fullHosts: [ObjectID] = []
    ) async throws(StoreError) -> [OperationRecord] {
        let taken = try await session.rows(
            Self.changing(
                """
                UPDATE operations AS o SET state = \(OperationState.running.rawValue), conductor = $1,
                    lease_until = stator_now() + $2, attempt = o.attempt + 1, generation = o.generation + 1
                FROM (
                    SELECT o.uuid FROM (SELECT stator_now() AS now) AS clock, \(Self.withHost)
                    WHERE (
                        (o.state = \(OperationState.queued.rawValue) AND o.not_before <= clock.now)
                        OR (o.state = \(OperationState.running.rawValue) AND (
                            o.lease_until < clock.now
                            OR (o.conductor <> $1 AND o.step <> \(OperationStep.schedule.rawValue) AND s.conductor = $1)
                        ))
                    ) AND \(Self.isKnown) AND (\(Self.isDoable) OR (o.deadline <= clock.now AND o.directed_at IS NULL))
                        AND (o.step = \(OperationStep.schedule.rawValue) OR i.host_id IS NULL OR i.host_id <> ALL($4))
                    ORDER BY o.created_at LIMIT $3
                    FOR UPDATE OF o SKIP LOCKED
                ) AS next
                WHERE o.uuid = next.uuid
                RETURNING o.*
                """),
            [.text(conductor), .duration(lease), .number(limit), .ids(fullHosts)], Self.decode)
        return taken.sorted { ($0.createdAt, $0.uuid) < ($1.createdAt, $1.uuid) }
    }

    /// Prolongs the leases of those that the conductor holds, and returns them; the generations stay.
    ///
    /// Rows that a transaction is at work on are left for the next time rather than waited for: this writes many, in no
    /// order that others know.
    package func renew(
        _ uuids: [ObjectID], conductor: String, lease: Duration
    ) async throws(StoreError) -> [OperationRecord] {
        try await session.rows(
            """
            UPDATE operations AS o SET lease_until = stator_now() + $3
            FROM (
                SELECT uuid FROM operations WHERE uuid = ANY($2) AND conductor = $1 FOR NO KEY UPDATE SKIP LOCKED
            ) AS mine
            WHERE o.uuid = mine.uuid
            RETURNING \(Self.columns)
            """,
            [.text(conductor), .ids(uuids), .duration(lease)], Self.decode)
    }

    /// Goes to a step, and stays running. `markDirected`, before the first sending to a host, makes it known that a host
    /// may know of it.
    package func advance(
        _ operation: OperationRecord, to step: OperationStep, markDirected: Bool = false
    ) async throws(StoreError) -> OperationRecord {
        try await change(
            operation,
            """
            step = $3, directed_at = CASE WHEN $4 THEN coalesce(o.directed_at, stator_now()) ELSE o.directed_at END
            """,
            [.state(step), .bool(markDirected)])
    }

    /// Gives it back to the queue, to be taken after the delay.
    package func release(
        _ operation: OperationRecord, after delay: Duration
    ) async throws(StoreError) -> OperationRecord {
        try await change(
            operation,
            """
            state = \(OperationState.queued.rawValue), conductor = NULL, lease_until = NULL,
                not_before = stator_now() + $3
            """,
            [.duration(delay)])
    }

    /// Gives back those of these that the conductor holds, to be taken after the delay. Returns how many.
    @discardableResult
    package func release(
        _ uuids: [ObjectID], conductor: String, after delay: Duration
    ) async throws(StoreError) -> Int {
        try await session.rows(
            Self.changing(
                """
                UPDATE operations AS o SET state = \(OperationState.queued.rawValue), conductor = NULL,
                    lease_until = NULL, not_before = stator_now() + $3, generation = o.generation + 1
                FROM (
                    SELECT uuid FROM operations WHERE uuid = ANY($2) AND conductor = $1 ORDER BY uuid
                    FOR NO KEY UPDATE
                ) AS mine
                WHERE o.uuid = mine.uuid
                RETURNING o.*
                """),
            [.text(conductor), .ids(uuids), .duration(delay)], Self.decode
        ).count
    }

    /// What waits for its time on a host that has just come (back) may be taken now.
    package func hasten(hostID: ObjectID) async throws(StoreError) {
        try await session.execute(
            """
            UPDATE operations AS o SET not_before = stator_now()
            FROM (
                SELECT o.uuid FROM operations AS o JOIN instances AS i ON i.uuid = o.instance_uuid
                WHERE i.host_id = $1 AND o.state = \(OperationState.queued.rawValue) AND o.not_before > stator_now()
                FOR NO KEY UPDATE OF o SKIP LOCKED
            ) AS waiting
            WHERE o.uuid = waiting.uuid
            """,
            [.id(hostID)])
    }

    /// Ends it; an operation that has ended does not end again (`.lostRace`).
    package func finish(
        _ operation: OperationRecord, _ outcome: OperationOutcome
    ) async throws(StoreError) -> OperationRecord {
        let (state, fault) = outcome.stateAndFault
        return try await change(
            operation, "state = $3, fault = $4, fault_version = $5, \(Self.ending)",
            [.state(state), .object(orNil: fault), fault == nil ? .null : .version(Fault.self)])
    }

    /// Ends the instance's other operations as cancelled, in the transaction that begins the one that makes them
    /// pointless; their conductors lose their next race.
    func cancelOthers(than operation: OperationRecord, fault: Fault) async throws(StoreError) {
        _ = try await session.rows(
            Self.changing(
                """
                UPDATE operations AS o SET state = \(OperationState.cancelled.rawValue), fault = $3,
                    fault_version = $4, \(Self.ending), generation = o.generation + 1
                WHERE o.instance_uuid = $1 AND o.uuid <> $2 AND o.state IN (\(Self.unfinished))
                RETURNING o.*
                """),
            [.id(operation.instanceUUID), .id(operation.uuid), .object(fault), .version(Fault.self)], Self.decode)
    }

    /// When a conductor starts: what an earlier process of its name had taken goes back to the queue. Returns how many.
    @discardableResult
    package func releaseAll(conductor: String) async throws(StoreError) -> Int {
        try await session.rows(
            Self.changing(
                """
                UPDATE operations AS o SET state = \(OperationState.queued.rawValue), conductor = NULL,
                    lease_until = NULL, not_before = stator_now(), generation = o.generation + 1
                WHERE o.conductor = $1
                RETURNING o.*
                """),
            [.text(conductor)], Self.decode
        ).count
    }

    private func change(
        _ operation: OperationRecord, _ assignments: String, _ parameters: [PostgresValue]
    ) async throws(StoreError) -> OperationRecord {
        let changed = try await session.row(
            Self.changing(
                """
                UPDATE operations AS o SET \(assignments), generation = o.generation + 1
                WHERE o.uuid = $1 AND o.generation = $2 AND o.state IN (\(Self.unfinished))
                RETURNING o.*
                """),
            [.id(operation.uuid), .int8(operation.generation)] + parameters, Self.decode)
        if let changed { return changed }
        throw try await lostRace(operation)
    }

    private func lostRace(_ seen: OperationRecord) async throws(StoreError) -> StoreError {
        let name = "operation \(seen.uuid)"
        guard let current = try await get(seen.uuid) else {
            return StoreError(.notFound, "there is no \(name)")
        }
        if current.stateNumber != seen.stateNumber {
            return StoreError(.lostRace(.state), "\(name) is \(current.stateNumber), not \(seen.stateNumber)")
        }
        if current.stepNumber != seen.stepNumber {
            return StoreError(.lostRace(.step), "\(name) is at step \(current.stepNumber), not \(seen.stepNumber)")
        }
        return StoreError(
            .lostRace(.generation), "\(name) has generation \(current.generation), not \(seen.generation)")
    }
}

extension OperationStore {
    private static let columns = """
        o.uuid, o.kind, o.state, o.step, o.instance_uuid, o.instance_name, o.user_id, o.attempt, o.conductor,
        o.lease_until, o.deadline, o.directed_at, o.fault, o.fault_version, o.created_at, o.finished_at, o.generation,
        (SELECT i.host_id FROM instances AS i WHERE i.uuid = o.instance_uuid) AS host_id,
        (SELECT stator_now()) AS read_at
        """

    private static let unfinished = "\(OperationState.queued.rawValue), \(OperationState.running.rawValue)"

    private static let ending = """
        step = \(OperationStep.done.rawValue), conductor = NULL, lease_until = NULL, finished_at = stator_now()
        """

    /// An operation with the session of the host that its instance is on.
    private static let withHost = """
        operations AS o JOIN instances AS i ON i.uuid = o.instance_uuid
            LEFT JOIN host_sessions AS s ON s.host_id = i.host_id
        """

    /// Whether conductor $1 can do the operation's step.
    private static let isDoable = """
        (o.step = \(OperationStep.schedule.rawValue) OR i.host_id IS NULL OR s.conductor IS NOT DISTINCT FROM $1
            OR (o.kind = \(OperationKind.create.rawValue) AND o.directed_at IS NULL
                AND s.lease_until < (SELECT stator_now())))
        """

    /// Whether this release knows what is to be done, and all of what a guest that it starts is to be given.
    private static let isKnown = """
        (o.kind IN (\(numbers(OperationRule.all.map(\.kind)))) AND o.step IN (\(numbers(OperationStep.allCases)))
            AND (i.needed_service_version <= \(Release.serviceVersion)
                OR o.kind NOT IN (\(numbers(OperationKind.allCases.filter(\.startsGuest))))))
        """

    private static func numbers(_ states: [some MessageEnum]) -> String {
        states.map { "\($0.rawValue)" }.joined(separator: ", ")
    }

    /// Makes a statement that returns rows of operations tell who listens.
    private static func changing(_ statement: String) -> String {
        """
        WITH changed AS (\(statement))
        SELECT \(columns), pg_notify('\(NotificationChannel.operations.rawValue)', o.uuid::text)
        FROM changed AS o
        """
    }

    private static func decode(_ row: StoredRow) throws(StoreError) -> OperationRecord {
        OperationRecord(
            uuid: try row.id("uuid"),
            kindNumber: try row.stateNumber("kind"),
            stateNumber: try row.stateNumber("state"),
            stepNumber: try row.stateNumber("step"),
            instanceUUID: try row.id("instance_uuid"),
            instanceName: try row.text("instance_name"),
            userID: try row.text("user_id"),
            attempt: try row.unsigned("attempt"),
            conductor: try row.textOrNil("conductor"),
            leaseUntil: try row.timeOrNil("lease_until"),
            deadline: try row.time("deadline"),
            directedAt: try row.timeOrNil("directed_at"),
            fault: try row.objectOrNil("fault"),
            createdAt: try row.time("created_at"),
            finishedAt: try row.timeOrNil("finished_at"),
            generation: try row.int64("generation"),
            hostID: try row.idOrNil("host_id"),
            readAt: try row.time("read_at"))
    }
}

extension OperationOutcome {
    fileprivate var stateAndFault: (OperationState, Fault?) {
        switch self {
        case .succeeded: (.succeeded, nil)
        case .failed(let fault): (.failed, fault)
        case .cancelled(let fault): (.cancelled, fault)
        }
    }
}
