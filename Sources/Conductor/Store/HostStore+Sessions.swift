internal import Postgres
package import StatorObjects

// The table `host_sessions`: who holds a host's connection, until when it counts as alive, what of its journal is applied.
extension HostStore {
    /// Attaches a registered host to this conductor, and fences every earlier attachment of it.
    ///
    /// - Throws: `.fenced` when a newer boot epoch of the host was attached before.
    package func attach(
        _ hostID: ObjectID, conductor: String, bootEpoch: UInt64, lease: Duration
    ) async throws(StoreError) -> HostAttachment {
        let attached = try await session.row(
            """
            INSERT INTO host_sessions AS s (host_id, conductor, boot_epoch, number, lease_until, last_seen_up,
                applied_through)
            SELECT $1, $2, $3, 1, now + $4, now, 0 FROM (SELECT stator_now() AS now) AS clock
            ON CONFLICT (host_id) DO UPDATE SET conductor = excluded.conductor, boot_epoch = excluded.boot_epoch,
                number = s.number + 1, lease_until = excluded.lease_until, last_seen_up = excluded.last_seen_up
            WHERE s.boot_epoch <= excluded.boot_epoch
            RETURNING s.number, s.applied_through
            """,
            [.id(hostID), .text(conductor), .number(bootEpoch, "boot epoch"), .duration(lease)]
        ) { row throws(StoreError) in
            HostAttachment(
                hostID: hostID, conductor: conductor, bootEpoch: bootEpoch, number: try row.int64("number"),
                appliedThrough: try row.unsigned("applied_through"))
        }
        guard let attached else {
            throw StoreError(.fenced, "host \(hostID) has started again since its boot epoch \(bootEpoch)")
        }
        return attached
    }

    /// Ends an attachment and its lease; false: it was not the host's newest any more, and nothing was done.
    @discardableResult
    package func detach(_ attachment: HostAttachment) async throws(StoreError) -> Bool {
        try await session.execute(
            "\(Self.detaching) WHERE host_id = $1 AND number = $2",
            [.id(attachment.hostID), .int8(attachment.number)]) > 0
    }

    /// When a conductor starts: ends what an earlier process of its name had attached. Returns how many.
    @discardableResult
    package func detachAll(conductor: String) async throws(StoreError) -> Int {
        try await session.execute("\(Self.detaching) WHERE conductor = $1", [.text(conductor)])
    }

    /// Prolongs the host's lease. Throws `.fenced` when the attachment is not its newest any more.
    package func renew(_ attachment: HostAttachment, lease: Duration) async throws(StoreError) {
        let renewed = try await session.execute(
            """
            UPDATE host_sessions SET lease_until = now + $3, last_seen_up = now
            FROM (SELECT stator_now() AS now) AS clock WHERE host_id = $1 AND number = $2
            """,
            [.id(attachment.hostID), .int8(attachment.number), .duration(lease)])
        guard renewed > 0 else { throw fenced(attachment) }
    }

    /// Until the transaction's end nobody else applies reports of the host; returns the newest that is applied.
    func lockJournal(_ attachment: HostAttachment) async throws(StoreError) -> UInt64 {
        let applied: UInt64? = try await session.row(
            "SELECT applied_through FROM host_sessions WHERE host_id = $1 AND number = $2 FOR UPDATE",
            [.id(attachment.hostID), .int8(attachment.number)]
        ) { row throws(StoreError) in try row.unsigned("applied_through") }
        guard let applied else { throw fenced(attachment) }
        return applied
    }

    func advanceJournal(_ attachment: HostAttachment, to sequence: UInt64) async throws(StoreError) {
        try await session.execute(
            "UPDATE host_sessions SET applied_through = $3 WHERE host_id = $1 AND number = $2",
            [.id(attachment.hostID), .int8(attachment.number), .number(sequence, "sequence number")])
    }

    /// The number advances, so that whoever held the attachment can write nothing more with it.
    private static let detaching = """
        UPDATE host_sessions SET conductor = NULL, number = number + 1, lease_until = least(lease_until, stator_now())
        """

    private func fenced(_ attachment: HostAttachment) -> StoreError {
        StoreError(.fenced, "host \(attachment.hostID) has been attached anew since, here or at another conductor")
    }
}
