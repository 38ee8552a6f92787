internal import ArgumentParser
internal import ComputeMessages
internal import Foundation
internal import StatorObjects

/// Stator's side of the comparison of objects: measures each operation that is named on standard input.
struct ObjectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "objects", abstract: "Measure operations on objects until standard input ends.")

    @Option(help: "How long each operation is measured, in seconds of CPU time.")
    var seconds = 0.25
    @Option(help: "The folder with the encoded messages.")
    var folder: String

    func run() throws {
        let peer = try ObjectPeer(folder: folder, loop: ObjectLoop(seconds: seconds))
        let encoder = JSONEncoder()
        while let line = readLine() {
            guard let operation = ObjectOperation(rawValue: line) else {
                throw BenchError("\(line) is no operation on objects")
            }
            say(String(decoding: try encoder.encode(try peer.measure(operation)), as: UTF8.self))
        }
    }
}

/// Repeats an operation for a while. All peers do it like this, each in its own language.
struct ObjectLoop {
    /// The measured CPU time, without that of finding out how many operations it takes, which also is the warm-up.
    let seconds: Double

    /// - Parameter body: Carries the operation out so many times, and returns the length of the encoded object.
    func measure(_ body: (_ count: Int) throws -> Int) rethrows -> ObjectFigures {
        var count = 1
        var bytes = 0
        var spent = 0.0
        // Asking for the time takes some hundred nanoseconds: it is to be little beside the operations.
        while spent < seconds / 8 {
            count *= 2
            let began = ProcessClock.ownCPUSeconds()
            bytes = try body(count)
            spent = ProcessClock.ownCPUSeconds() - began
        }
        var operations = 0
        let began = ProcessClock.ownCPUSeconds()
        repeat {
            _ = try body(count)
            operations += count
            spent = ProcessClock.ownCPUSeconds() - began
        } while spent < seconds
        return ObjectFigures(operations: operations, cpuSeconds: spent, bytes: bytes)
    }
}

/// The operations as a service carries them out.
struct ObjectPeer {
    private let loop: ObjectLoop
    private let bytes: [UInt8]
    private let instance: Instance
    private let lowerable: Instance

    init(folder: String, loop: ObjectLoop) throws {
        self.loop = loop
        bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/instance.bin")))
        // Decoded, as what a service holds has come from somewhere: its values were checked then.
        instance = try Instance(decoding: bytes)
        lowerable = try Instance(decoding: Array(try Data(contentsOf: URL(filePath: "\(folder)/lowerable.bin"))))
    }

    func measure(_ operation: ObjectOperation) throws -> ObjectFigures {
        switch operation {
        case .encode: try encode(instance, for: nil)
        case .decode: try decode { _ in }
        case .decodeAndRead: try decode { instance in _ = instance.readAll() }
        case .encodeLowerable: try encode(lowerable, for: nil)
        case .lower: try encode(lowerable, for: SampleMessages.olderManifest)
        case .lowerOnly: try lower()
        case .copy: copy(instance)
        case .retain: copy(PlainObject())
        }
    }

    /// Into a buffer that is there, as into a connection's.
    private func encode(_ instance: Instance, for receiver: Manifest?) throws -> ObjectFigures {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: MessageEncoding.boundedByteCountMax, alignment: 16)
        defer { buffer.deallocate() }
        return try loop.measure { count in
            var length = 0
            for _ in 0..<count { length = try instance.encoding(for: receiver).write(into: buffer) }
            return length
        }
    }

    private func decode(_ use: (Instance) -> Void) throws -> ObjectFigures {
        try bytes.withUnsafeBytes { buffer in
            try loop.measure { count in
                for _ in 0..<count { use(try Instance(decoding: buffer)) }
                return buffer.count
            }
        }
    }

    /// What is lost is left out while the object is written: what that costs is the difference to writing what is left.
    private func lower() throws -> ObjectFigures {
        let receiver = SampleMessages.olderManifest
        let lowered = try Instance(decoding: try lowerable.encodedBytes(for: receiver))
        let whole = try encode(lowerable, for: receiver)
        let rest = try encode(lowered, for: nil)
        let difference = whole.cpuMicroseconds - rest.cpuMicroseconds
        return ObjectFigures(
            operations: whole.operations, cpuSeconds: difference * Double(whole.operations) / 1e6, bytes: 0)
    }

    /// Puts a copy in the place of an older one, again and again: each is a reference counted and another given back.
    private func copy<Value>(_ value: Value) -> ObjectFigures {
        let places = 64
        let copies = UnsafeMutablePointer<Value>.allocate(capacity: places)
        copies.initialize(repeating: value, count: places)
        defer {
            copies.deinitialize(count: places)
            copies.deallocate()
        }
        return loop.measure { count in
            for number in 0..<count { copies[number & (places - 1)] = value }
            return 0
        }
    }
}

/// What a reference costs that is nothing else.
private final class PlainObject {}
