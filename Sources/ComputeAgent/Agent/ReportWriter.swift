internal import ComputeMessages
internal import Logging
internal import StatorObjects

/// Makes reports and writes them to the journal, again and again until they are on the disk.
struct ReportWriter: Sendable {
    private static let retryDelayMax: Duration = .seconds(10)

    let journal: ReportJournal
    let bootEpoch: UInt64
    let files: BlockingQueue
    let written: Signal
    let logger: Logger

    /// A report, still without a number.
    func report(
        _ outcome: ReportOutcome, operation: ObjectID? = nil, instance id: ObjectID, powerState: PowerState?,
        launchedAt: Timestamp? = nil, terminatedAt: Timestamp? = nil, fault: Fault? = nil
    ) -> Report {
        var instance = Instance()
        instance.uuid = id
        instance.powerState = powerState
        instance.launchedAt = launchedAt
        instance.terminatedAt = terminatedAt
        var report = Report()
        report.outcome = outcome
        report.operationId = operation
        report.instance = instance
        report.fault = fault
        report.reportedAt = Timestamp.now()
        return report
    }

    /// Returns the report's number; nil only when the task is cancelled before the disk takes it.
    func write(_ report: Report) async -> UInt64? {
        var numbered = report
        numbered.bootEpoch = bootEpoch
        let final = numbered
        let journal = journal
        let sequence = await retrying("write to the journal") { () throws(AgentError) in
            try await files.run { () throws(AgentError) in try journal.append(final) }
        }
        if sequence != nil { written() }
        return sequence
    }

    /// Repeats what the disk refuses, with growing pauses; nil when the task is cancelled.
    func retrying<Value: Sendable>(
        _ what: String, _ body: () async throws(AgentError) -> Value
    ) async -> Value? {
        var delay: Duration = .milliseconds(100)
        // Once at least: what has ended is worth writing down even when the agent is about to stop.
        repeat {
            do throws(AgentError) {
                return try await body()
            } catch {
                logger.error("cannot \(what); trying again", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: delay)
            delay = min(delay * 2, Self.retryDelayMax)
        } while !Task.isCancelled
        return nil
    }
}
