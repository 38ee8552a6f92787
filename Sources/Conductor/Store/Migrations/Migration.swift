/// One step of the schema's history. Once released it is never changed: what has to change comes as a new step.
package struct Migration: Sendable, Equatable {
    /// 1, 2, 3, … without gaps.
    package var version: Int32
    package var name: String
    package var sql: String

    package init(version: Int32, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// All of them, in order; the last one's version is this release's schema.
    package static let all: [Migration] = [
        Migration(version: 1, name: "initial", sql: initialSchema)
    ]
}
