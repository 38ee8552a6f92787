internal import Glibc

/// Why the agent cannot do what it must: a code for programs, a sentence for people.
package struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A file could not be read or written.
        case storage
        /// Another agent holds the state directory.
        case locked
        /// The host's file, its name and its certificate do not agree.
        case identityMismatch
        /// A file of the state directory is damaged beyond what a power cut explains.
        case corrupt
        /// The conductor knows more of this host than the host does: its state directory is another one.
        case stateLost
        /// The machine or its tools lack something.
        case environment
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// A system call on a file that failed just now.
    static func system(_ verb: String, _ path: String, _ number: CInt = errno) -> AgentError {
        AgentError(.storage, "cannot \(verb) \(path): \(String(cString: strerror(number)))")
    }
}
