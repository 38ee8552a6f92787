internal import Foundation
internal import SwiftProtobuf

/// The CPU time of this process.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// As Stator's own loop does it: doubled until asking for the time is little beside it, which also is the warm-up.
func measure(seconds: Double, _ body: (_ count: Int) throws -> Int) rethrows -> String {
    var count = 1
    var bytes = 0
    var spent = 0.0
    while spent < seconds / 8 {
        count *= 2
        let began = cpuSeconds()
        bytes = try body(count)
        spent = cpuSeconds() - began
    }
    var operations = 0
    let began = cpuSeconds()
    repeat {
        _ = try body(count)
        operations += count
        spent = cpuSeconds() - began
    } while spent < seconds
    return "{\"operations\":\(operations),\"cpu_seconds\":\(spent),\"bytes\":\(bytes)}\n"
}

/// The operations, as swift-protobuf's documentation shows them.
struct ObjectPeer {
    let seconds: Double
    let bytes: [UInt8]
    let instance: Stator_V1_Instance

    init(folder: String, seconds: Double) throws {
        self.seconds = seconds
        bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/instance.bin")))
        instance = try Stator_V1_Instance(serializedBytes: bytes)
    }

    /// Nil for an operation that it does not have.
    func measure(_ operation: String) throws -> String? {
        switch operation {
        case "encode":
            try SwiftProtobufPeer.measure(seconds: seconds) { count in
                var encoded: [UInt8] = []
                for _ in 0..<count { encoded = try instance.serializedBytes() }
                return encoded.count
            }
        case "decode": try decode { _ in }
        case "decode_and_read": try decode { instance in _ = instance.readAll() }
        case "copy": copy()
        default: nil
        }
    }

    private func decode(_ use: (Stator_V1_Instance) -> Void) throws -> String {
        try SwiftProtobufPeer.measure(seconds: seconds) { count in
            for _ in 0..<count { use(try Stator_V1_Instance(serializedBytes: bytes)) }
            return bytes.count
        }
    }

    /// Puts a copy in the place of an older one, again and again.
    private func copy() -> String {
        let places = 64
        let copies = UnsafeMutablePointer<Stator_V1_Instance>.allocate(capacity: places)
        copies.initialize(repeating: instance, count: places)
        defer {
            copies.deinitialize(count: places)
            copies.deallocate()
        }
        return SwiftProtobufPeer.measure(seconds: seconds) { count in
            for number in 0..<count { copies[number & (places - 1)] = instance }
            return 0
        }
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 5, arguments[1] == "--folder", arguments[3] == "--seconds", let seconds = Double(arguments[4])
else {
    FileHandle.standardError.write(Data("usage: SwiftProtobufPeer --folder DIR --seconds S\n".utf8))
    exit(2)
}
let peer = try ObjectPeer(folder: arguments[2], seconds: seconds)
while let line = readLine(), let answer = try peer.measure(line) {
    FileHandle.standardOutput.write(Data(answer.utf8))
}
