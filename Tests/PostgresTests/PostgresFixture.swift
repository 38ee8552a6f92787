import Logging
import Postgres
import StatorReactor
import TestSupport

/// Runs the body on a loop of its own, with a client of an empty database that is connected while it runs.
func withClient<R: Sendable>(
    of server: TemporaryPostgres? = nil,
    _ adjust: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (PostgresClient, EventLoop) async throws -> R
) async throws -> R {
    let connectionString = try (server ?? TemporaryPostgres.shared()).createDatabase()
    var configuration = PostgresConfiguration(connectionString: connectionString, applicationName: "postgres-tests")
    adjust(&configuration)
    return try await withClient(configuration, body)
}

func withClient<R: Sendable>(
    _ configuration: PostgresConfiguration,
    _ body: @escaping @Sendable (PostgresClient, EventLoop) async throws -> R
) async throws -> R {
    let loop = try EventLoop(label: "postgres-test")
    try loop.start()
    defer { stop(loop) }
    let client = try PostgresClient(configuration, loop: loop, logger: quietLogger)
    return try await withTaskExecutorPreference(loop) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(client, loop))
            } catch {
                result = .failure(error)
            }
            await onLoop(loop) { client.shutdown() }
            try await group.waitForAll()
            return try result.get()
        }
    }
}

/// Runs the closure on the loop, wherever the caller is.
func onLoop<R: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
        loop.execute { continuation.resume(returning: body()) }
    }
}

func stop(_ loop: EventLoop) {
    loop.stop()
    loop.join()
}

/// The error that the body throws; nil: none, or another.
func postgresError(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}

/// Until one succeeds: the first calls may find no connection yet, and after a loss some that have not heard of it.
func queryAgain(_ client: PostgresClient) async throws -> PostgresRows {
    for _ in 0..<50 {
        if let rows = try? await client.query("SELECT 1 AS x") { return rows }
        try await Task.sleep(for: .milliseconds(100))
    }
    return try await client.query("SELECT 1 AS x")
}

/// Lets tasks wait for one another.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func open() {
        continuation.finish()
    }

    func wait() async {
        for await _ in stream {}
    }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
