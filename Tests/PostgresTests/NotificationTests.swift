import Postgres
import StatorReactor
import Testing

@Suite("Listening to the database")
struct NotificationTests {
    @Test func `a listener hears what is notified after it was told that it listens`() async throws {
        try await withClient { client, loop in
            let stream = await onLoop(loop) { client.listen("odd \"name\"") }
            var notifications = stream.makeAsyncIterator()
            #expect(await notifications.next()?.payload == nil)
            _ = try await client.query("SELECT pg_notify('odd \"name\"', 'one')")
            _ = try await client.query("SELECT pg_notify('odd \"name\"', '')")
            #expect(await notifications.next()?.payload == "one")
            #expect(await notifications.next()?.payload == "")
        }
    }

    @Test func `every listener of a channel hears, and one that came later too`() async throws {
        try await withClient { client, loop in
            var first = await onLoop(loop) { client.listen("events") }.makeAsyncIterator()
            #expect(await first.next()?.payload == nil)
            var second = await onLoop(loop) { client.listen("events") }.makeAsyncIterator()
            var other = await onLoop(loop) { client.listen("others") }.makeAsyncIterator()
            #expect(await second.next()?.payload == nil)
            #expect(await other.next()?.payload == nil)
            _ = try await client.query("SELECT pg_notify('events', 'x'), pg_notify('others', 'y')")
            #expect(await first.next()?.payload == "x")
            #expect(await second.next()?.payload == "x")
            #expect(await other.next()?.payload == "y")
        }
    }

    @Test func `a notification of a transaction comes with its commit`() async throws {
        try await withClient { client, loop in
            var events = await onLoop(loop) { client.listen("events") }.makeAsyncIterator()
            _ = await events.next()
            struct Refusal: Error {}
            try? await client.transaction { transaction in
                _ = try await transaction.query("SELECT pg_notify('events', 'never')")
                throw Refusal()
            }
            try await client.transaction { transaction in
                _ = try await transaction.query("SELECT pg_notify('events', 'committed')")
            }
            #expect(await events.next()?.payload == "committed")
        }
    }

    @Test func `streams end at shutdown`() async throws {
        try await withClient { client, loop in
            var events = await onLoop(loop) { client.listen("events") }.makeAsyncIterator()
            _ = await events.next()
            await onLoop(loop) { client.shutdown() }
            #expect(await events.next() == nil)
        }
    }
}
