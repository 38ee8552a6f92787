/// A test's fixture did not come to be; says what was waited for, or what went wrong.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Waits until the condition holds, and throws an error that names it when it does not in time.
///
/// For processes and other things outside of the test's reach; what a test can be told of, it awaits.
package func waitUntil(
    timeout: Duration = .seconds(10), pollEvery interval: Duration = .milliseconds(10),
    _ what: String = "the condition holds", condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: timeout)
    var isMet = try await condition()
    while !isMet {
        guard ContinuousClock.now < deadline else {
            throw TestSupportError("waited \(timeout) in vain until \(what)")
        }
        try await Task.sleep(for: interval)
        isMet = try await condition()
    }
}
