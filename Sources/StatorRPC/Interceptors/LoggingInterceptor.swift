public import Logging
internal import StatorWire

/// Logs every call when it is over: method, peer, status, duration; failures at a higher level than successes.
public struct LoggingInterceptor: ServerInterceptor, ClientInterceptor {
    private let logger: Logger
    private let level: Logger.Level
    private let failureLevel: Logger.Level

    public init(logger: Logger, level: Logger.Level = .debug, failureLevel: Logger.Level = .info) {
        self.logger = logger
        self.level = level
        self.failureLevel = failureLevel
    }

    public func callBegins(_ context: CallContext) {}

    public func callEnded(_ context: CallContext, _ outcome: CallOutcome) {
        var metadata: Logger.Metadata = ["method": "\(context.method)", "caller": "\(context.caller)"]
        if let trace = context.traceContext { metadata["trace"] = "\(trace)" }
        log("call served", metadata, outcome)
    }

    public func callBegins(_ method: MethodDescriptor, _ options: inout CallOptions) {}

    public func callEnded(_ method: MethodDescriptor, _ options: CallOptions, _ outcome: CallOutcome) {
        var metadata: Logger.Metadata = ["method": "\(method)"]
        if let trace = options.traceContext { metadata["trace"] = "\(trace)" }
        log("call made", metadata, outcome)
    }

    private func log(_ message: Logger.Message, _ metadata: Logger.Metadata, _ outcome: CallOutcome) {
        let level = outcome.error == nil ? level : failureLevel
        guard level >= logger.logLevel else { return }
        var metadata = metadata
        metadata["status"] = "\(outcome.code)"
        metadata["duration"] = "\(outcome.duration)"
        if let error = outcome.error { metadata["reason"] = "\(error.message)" }
        logger.log(level: level, message, metadata: metadata)
    }
}
