/// What a `NOTIFY` said.
package struct PostgresNotification: Sendable, Hashable {
    package var channel: String
    /// nil: listening has begun, or begun again, just now; notifications before it are missed.
    package var payload: String?

    package init(channel: String, payload: String?) {
        self.channel = channel
        self.payload = payload
    }
}
