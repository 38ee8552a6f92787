import Foundation
import Testing

/// What the built executables load: the import rules, seen from the other end.
@Suite struct `Linked libraries` {
    /// The executables are built into the folder that holds this test's own.
    private static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    private func libraries(of product: String) throws -> String {
        let executable = Self.products.appending(path: product)
        try #require(
            FileManager.default.isExecutableFile(atPath: executable.path),
            "\(product) is not built; 'swift build --build-tests' builds it")
        return try Repository.output(of: "ldd", [executable.path])
    }

    @Test(arguments: ["stator-compute", "stator-api", "stator"])
    func `has no way to talk to PostgreSQL`(product: String) throws {
        let libraries = try libraries(of: product)
        #expect(!libraries.contains("libpq"), "\(libraries)")
        #expect(libraries.contains("libssl"), "\(libraries)")
    }

    @Test func `only the conductor has libpq`() throws {
        #expect(try libraries(of: "stator-conductor").contains("libpq"))
    }
}
