/// Why the hosts of a release can't be given an instance: something of it that their objects cannot say.
package struct Untellable: Hashable, Sendable, Comparable {
    /// As the hosts name it, for example 0.1.0.
    package var release: String
    /// What they cannot be told, for example "user_data".
    package var what: String

    package init(release: String, what: String) {
        self.release = release
        self.what = what
    }

    package static func < (left: Untellable, right: Untellable) -> Bool {
        (left.release, left.what) < (right.release, right.what)
    }
}
