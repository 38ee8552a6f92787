package import ArgumentParser
package import Logging

/// How much a daemon tells on its standard error.
package struct LogOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "How much to log: trace, debug, info, notice, warning, error or critical.")
    package var logLevel: LogLevel = .info

    package init() {}

    /// A logger that writes one line for each event to standard error, without colour.
    package func makeLogger(label: String) -> Logger {
        var logger = Logger(label: label) { label in StandardErrorLogHandler(label: label) }
        logger.logLevel = logLevel.loggerLevel
        return logger
    }
}

/// swift-log's levels, as a command line names them.
package enum LogLevel: String, ExpressibleByArgument, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical

    var loggerLevel: Logger.Level {
        switch self {
        case .trace: return .trace
        case .debug: return .debug
        case .info: return .info
        case .notice: return .notice
        case .warning: return .warning
        case .error: return .error
        case .critical: return .critical
        }
    }
}
