import ComputeMessages
import RPCTestService
import StatorObjects
import StatorRPC
import StatorTLS

/// Frames as bytes, right or wrong, written without the code under test.
enum FrameBytes {
    static let hello: UInt8 = 1
    static let helloAck: UInt8 = 2
    static let manifest: UInt8 = 3
    static let open: UInt8 = 4
    static let message: UInt8 = 5
    static let status: UInt8 = 6
    static let cancel: UInt8 = 7
    static let window: UInt8 = 8
    static let ping: UInt8 = 9
    static let pong: UInt8 = 10
    static let goAway: UInt8 = 11

    static let more: UInt8 = 1
    static let endStream: UInt8 = 2
    static let noMessage: UInt8 = 16

    /// The most that a frame carries.
    static let payloadMax = 16_372
    static let noDeadline = [UInt8](repeating: 0, count: 8)
    /// A `ServerRequest`.
    static let request: [UInt8] = [0x0A, 0x01, 0x78]

    /// - Parameter length: What the header says in place of the truth.
    static func frame(
        _ type: UInt8, _ payload: [UInt8] = [], flags: UInt8 = 0, stream: UInt32 = 0, reserved: [UInt8] = [0, 0],
        length: UInt32? = nil
    ) -> [UInt8] {
        number(length ?? UInt32(payload.count)) + [type, flags] + reserved + number(stream) + payload
    }

    static func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    static func long(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }

    static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: count) }

    /// The manifest that servers of this build know.
    static func hello(version: [UInt8] = [0, 1], extensions: [UInt8] = [], reserved: [UInt8] = [0, 0]) -> [UInt8] {
        let fingerprint = ComputeManifest.current.canonicalBytes.withUnsafeBytes { sha256($0) }
        return hello(fingerprint: fingerprint, version: version, extensions: extensions, reserved: reserved)
    }

    static func hello(
        fingerprint: [UInt8], version: [UInt8] = [0, 1], extensions: [UInt8] = [], reserved: [UInt8] = [0, 0]
    ) -> [UInt8] {
        frame(hello, version + reserved + number(1) + fingerprint + [0] + extensions)
    }

    static func open(
        _ method: MethodDescriptor, stream: UInt32, message: [UInt8] = request, flags: UInt8 = endStream
    ) -> [UInt8] {
        frame(open, long(method.id) + noDeadline + message, flags: flags, stream: stream)
    }

    static func goAway(last: UInt32, code: UInt8, text: [UInt8] = []) -> [UInt8] {
        frame(goAway, number(last) + [code] + text)
    }
}
