package import ArgumentParser
internal import StatorObjects

package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people; may change.
    case table
    /// One document with the names of the API's contract; for scripts.
    case json
}

/// In which form a command prints what it was told.
package struct OutputOptions: ParsableArguments, Sendable {
    @Option(
        name: .long,
        help: ArgumentHelp("How to print: 'table', or 'json' with the names of the API's contract."))
    package var format: OutputFormat = .table

    package init() {}

    /// Prints the answer as JSON, or as the text made of it.
    func print(_ message: some VersionedMessage, table: @autoclosure () -> String) {
        switch format {
        case .table: StandardOutput.write(table())
        case .json: StandardOutput.write(JSONDocument.of(message))
        }
    }

    /// The same for an answer that is a list, kept in that field.
    func print(_ message: some VersionedMessage, list field: String, table: @autoclosure () -> String) {
        switch format {
        case .table: StandardOutput.write(table())
        case .json: StandardOutput.write(JSONDocument.of(message, list: field))
        }
    }
}
