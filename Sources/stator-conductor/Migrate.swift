internal import ArgumentParser
internal import CommandOptions
internal import Conductor

/// Brings the database from one release's schema to the next.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database to this release's schema, phase by phase.",
        discussion: """
            A schema changes in three phases. --expand adds what this release needs; conductors of the release before \
            do not notice. --online moves data to its new place in batches while conductors of both releases serve; it \
            may be stopped at any moment and goes on where it was. --contract takes away what only older releases \
            need, and is refused while an online migration has rows left, or a service that is up, or went down less \
            than ten minutes ago, is too old for it. Without a flag: --expand, then --online to its end, which is what \
            is safe before the first conductor of this release starts.

            EXIT STATUS
              0  it is done
              1  more is to do: rows are left after --batches, or the old form is still needed; run it again later
              2  an error
            """)

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "Add what this release needs.")
    var expand = false

    @Flag(help: "Move data to its new place, batch by batch.")
    var online = false

    @Flag(help: "Take away what only older releases need.")
    var contract = false

    @Flag(help: "Only show which migrations are done and which are not.")
    var status = false

    @Option(help: ArgumentHelp("With --online: rows in one transaction.", valueName: "n"))
    var batchSize = 1000

    @Option(help: ArgumentHelp("With --online: stop after so many batches. Default: when all is done.", valueName: "n"))
    var batches: Int?

    @Option(help: ArgumentHelp("With --online: milliseconds to rest after each batch.", valueName: "ms"))
    var pause = 0

    @OptionGroup var log: LogOptions

    func validate() throws {
        guard [expand, online, contract, status].count(where: { $0 }) <= 1 else {
            throw ValidationError("give one of --expand, --online, --contract and --status")
        }
        guard (1...1_000_000).contains(batchSize) else {
            throw ValidationError("--batch-size takes 1 to 1000000")
        }
        guard batches.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--batches takes 1 or more")
        }
        guard (0...3_600_000).contains(pause) else {
            throw ValidationError("--pause takes 0 to 3600000")
        }
        guard online || (batches == nil && batchSize == 1000 && pause == 0) else {
            throw ValidationError("--batch-size, --batches and --pause go with --online")
        }
    }

    func run() async throws {
        let outcome = await migrateDatabase(
            database.database, action: action, logger: log.makeLogger(label: "stator-conductor")
        ) { print($0) }
        if outcome != .done { throw ExitCode(outcome.rawValue) }
    }

    private var action: MigrationAction {
        if expand { return .expand }
        if online {
            return .online(batchSize: batchSize, batchesMax: batches, pause: .milliseconds(pause))
        }
        if contract { return .contract }
        return status ? .showStatus : .migrate
    }
}
