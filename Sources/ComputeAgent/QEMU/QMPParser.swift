internal import Foundation

/// What QEMU says on its monitor socket.
package enum QMPMessage: Equatable, Sendable {
    /// The first line; commands may follow once capabilities are negotiated.
    case greeting
    /// A command's success; `status` is what query-status returns.
    case success(status: String?)
    case failure(String)
    case event(String)
}

/// Cuts the monitor's bytes into messages, one line each. Takes bytes in any portions.
package struct QMPParser: Sendable {
    /// A longer line is nothing that QEMU answers to what is asked here.
    package static let lineLengthMax = 64 << 10

    package struct Violation: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    private var line: [UInt8] = []

    package init() {}

    package mutating func receive(_ bytes: some Sequence<UInt8>) throws(Violation) -> [QMPMessage] {
        var messages: [QMPMessage] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let message = try Self.parse(line) { messages.append(message) }
                line.removeAll(keepingCapacity: true)
                continue
            }
            guard line.count < Self.lineLengthMax else {
                throw Violation(description: "the monitor sent a line of more than \(Self.lineLengthMax) bytes")
            }
            line.append(byte)
        }
        return messages
    }

    private static func parse(_ line: [UInt8]) throws(Violation) -> QMPMessage? {
        guard !line.allSatisfy({ $0 <= UInt8(ascii: " ") }) else { return nil }
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(line))
        } catch {
            throw Violation(description: "the monitor sent what is no JSON object")
        }
        if wire.greeting { return .greeting }
        if let event = wire.event { return .event(event) }
        if let failure = wire.failure { return .failure(failure) }
        guard wire.hasReturn else { throw Violation(description: "the monitor sent an object of no known kind") }
        return .success(status: wire.status)
    }

    /// The shapes of QMP's messages, each told by its one characteristic key.
    private struct Wire: Decodable {
        enum Key: String, CodingKey {
            case greeting = "QMP"
            case event
            case failure = "error"
            case value = "return"
        }

        struct Failure: Decodable {
            var desc: String
        }

        struct Status: Decodable {
            var status: String?
        }

        var greeting: Bool
        var event: String?
        var failure: String?
        var hasReturn: Bool
        var status: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            greeting = container.contains(.greeting)
            event = try container.decodeIfPresent(String.self, forKey: .event)
            failure = try container.decodeIfPresent(Failure.self, forKey: .failure)?.desc
            hasReturn = container.contains(.value)
            // Most commands return {}; some return lists, which mean nothing here.
            status = (try? container.decodeIfPresent(Status.self, forKey: .value))?.status
        }
    }
}
