import StatorWire

/// Longer programs find nothing that several shorter ones would not, and take their time.
private let operationsMax = 256

/// The input is a program: its first byte sets the stage, each further one is an operation with what it needs.
func runConnection(_ input: UnsafeRawBufferPointer) -> CInt {
    var reader = InputReader(input)
    let flags = reader.byte()
    let scene = Scene(flags)
    if flags & 16 == 0 { scene.settle() }
    var operationsLeft = operationsMax
    while !reader.isEmpty, operationsLeft > 0 {
        operationsLeft -= 1
        let operation = reader.byte()
        let side = operation & 16 == 0 ? scene.dialler : scene.acceptor
        scene.run(operation & 15, operation >> 5, at: side, &reader)
        // Events that came of what was asked are heard at once, as by an owner that writes whenever it can.
        scene.takeEvents(at: side)
        scene.checkBounds()
    }
    if scene.isHonest { scene.comeToRest() }
    return 0
}

extension Scene {
    /// - Parameter argument: Three bits.
    fileprivate func run(_ operation: UInt8, _ argument: UInt8, at side: Side, _ reader: inout InputReader) {
        switch operation {
        case 0, 1:
            let timeouts: [Duration?] = [nil, nil, nil, nil, nil, .milliseconds(1), .seconds(1), .seconds(10)]
            open(at: side, reader.byte(), reader.byte(), timeout: timeouts[Int(argument)])
        case 2:
            // Many at once, for the limits on streams and room.
            let (choice, options) = (reader.byte(), reader.byte())
            var left = 1 << Int(argument)
            while left > 0, side.opened.count < callsMax, open(at: side, choice, options, timeout: nil) != nil {
                left -= 1
            }
        case 3: if let index = choose(side.opened, &reader) { request(at: side, index, reader.byte(), argument) }
        case 4, 5: if let index = choose(side.served, &reader) { respond(at: side, index, reader.byte(), argument) }
        case 6: if let index = choose(side.served, &reader) { finish(at: side, index, reader.byte(), argument) }
        case 7: if let index = choose(side.opened, &reader) { cancel(at: side, index) }
        case 8:
            let isOurs = argument & 1 != 0
            let index = isOurs ? choose(side.opened, &reader) : choose(side.served, &reader)
            if let index { consume(at: side, isOurs, index, all: argument & 2 != 0) }
        case 9: deliver(from: side, Int(reader.byte()) + 1 << (2 * Int(argument)))
        case 10: deliver(from: side)
        case 11: settle()
        case 12:
            let durations: [Duration] = [
                .zero, .milliseconds(1), .milliseconds(100), .seconds(1), .seconds(5), .seconds(11), .seconds(16),
                .seconds(31),
            ]
            pass(durations[Int(argument)])
        case 13: consumeAll(at: side)
        case 14: stop(side, argument, &reader)
        default: inject(argument, at: side, &reader)
        }
    }

    /// One of the newest 256.
    private func choose<Call>(_ calls: [Call], _ reader: inout InputReader) -> Int? {
        let choice = Int(reader.byte())
        return calls.isEmpty ? nil : calls.count - 1 - choice % min(calls.count, 256)
    }

    /// Ends come seldom, so that programs have a middle.
    private func stop(_ side: Side, _ argument: UInt8, _ reader: inout InputReader) {
        switch (argument, reader.byte()) {
        case (0...2, 0...15): side.wire.drain("drained")
        case (3, 0): side.wire.close(.unavailable, "closed")
        case (4, 0): side.wire.endOfInput()
        default: break
        }
    }

    /// Bytes that the peer did not write: any, or a frame around them.
    private func inject(_ argument: UInt8, at side: Side, _ reader: inout InputReader) {
        isHonest = false
        let header = reader.bytes(argument & 1 == 0 ? 0 : 5)
        let payload = reader.bytes(Int(reader.byte()))
        if header.count == 5 {
            // Length, type, flags, the lower bits of the stream's number; each as the input has it.
            let length = payload.count + (header[0] == 255 ? 1 : 0)
            let frame: [UInt8] = [
                0, 0, UInt8(length >> 8), UInt8(length & 255), header[1] % 13, header[2], 0, 0, 0, 0, header[3],
                header[4],
            ]
            frame.withUnsafeBytes { side.inject($0) }
        }
        side.inject(payload)
        side.receive(now: now) { self.take($0, in: $1, at: side) }
    }
}
