internal import ArgumentParser

/// An address of a server as a command line gives it: `host:port`, `[ipv6]:port` or `unix:/path`.
///
/// Its form is checked here, so that a slip is a usage error; names are looked up when it is connected to.
package struct AddressArgument: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init?(argument: String) {
        if argument.hasPrefix("unix:") {
            guard argument.utf8.count > "unix:".utf8.count else { return nil }
            text = argument
            return
        }
        guard let colon = argument.lastIndex(of: ":"), colon != argument.startIndex,
            UInt16(argument[argument.index(after: colon)...]) != nil
        else { return nil }
        let host = argument[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        guard isBracketed || !host.contains(":") else { return nil }
        text = argument
    }

    package var description: String { text }
}
