import Foundation
import Testing

@Suite struct `Layout` {
    @Test func `the top level holds only what the design names`() throws {
        let allowed: Set<String> = [
            "CHANGELOG.md", "LICENSE", "Makefile", "Package.swift", "Protos", "README.md", "Sources", "Tests", "certs",
        ]
        let entries = Set(try Repository.trackedFiles().compactMap { $0.split(separator: "/").first.map(String.init) })
        let surplus = entries.subtracting(allowed).filter { !$0.hasPrefix(".") }
        #expect(surplus.isEmpty, "\(surplus)")
        #expect(allowed.subtracting(entries).isEmpty)
    }

    @Test func `no key, resolution or build is tracked`() throws {
        let tracked = try Repository.trackedFiles()
        let forbidden = tracked.filter {
            $0.hasSuffix(".key") || $0.hasSuffix("Package.resolved") || $0.contains(".build/")
                || $0.hasPrefix(".stator/")
        }
        #expect(forbidden.isEmpty, "\(forbidden)")
    }

    @Test func `no tracked file holds a private key or a path of somebody's machine`() throws {
        let secret = try Regex("-----BEGIN [A-Z ]*PRIVATE" + " KEY")
        let machinePath = /(?:^|[^A-Za-z.$}])\/(?:work|root|home\/[a-z]+)\//
        for path in try Repository.trackedFiles() {
            // A file that was deleted and not yet staged, or that is no text, has nothing to say here.
            guard let text = try? Repository.text(of: path) else { continue }
            #expect(!text.contains(secret), "\(path) holds a private key")
            #expect(!text.contains(machinePath), "\(path) names a path of one machine")
        }
    }

    @Test(arguments: ["Sources", "Tests"])
    func `every folder is a target of the package`(folder: String) throws {
        let manifest = try Repository.text(of: "Package.swift")
        // Scripts for the shell, the runtime of generated Python packages and its tests and clients, a package of
        // others to be built by a test, and the fuzz targets, which are a package of their own because all of it is
        // instrumented.
        let foreign = ["Scripts", "Python", "PythonClient", "OutsidePackage", "Fuzz"]
        let strangers = try Repository.folders(in: folder).filter {
            !foreign.contains($0) && !manifest.contains("\"\($0)\"")
        }
        #expect(strangers.isEmpty, "\(folder): \(strangers)")
    }

    @Test func `folders are named for their subject`() throws {
        let empty = /^(?:Utils?|Utilities|Helpers?|Common|Misc|Base|Extras|New|Deprecated|Internal|Extensions)$/
        let bad = try Repository.trackedFiles().filter { path in
            path.split(separator: "/").dropLast().contains { $0.contains(empty) }
        }
        #expect(bad.isEmpty, "\(bad)")
    }

    @Test func `scripts stop at the first failure`() throws {
        for path in try Repository.trackedFiles() where path.hasSuffix(".sh") || path == ".ci/run" {
            let text = try Repository.text(of: path)
            let isStrict =
                text.contains("set -euo pipefail") || text.contains("/environment.sh\"")
                || text.hasPrefix("# shellcheck shell=bash")
            #expect(isStrict, "\(path) has no 'set -euo pipefail'")
            let count = text.split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(count <= CodeRules.fileLinesMax, "\(path) has \(count) lines")
        }
    }
}
