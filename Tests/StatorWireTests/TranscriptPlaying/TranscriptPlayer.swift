import StatorWire

/// Plays one side's part of a transcript with a machine; the other side's part is what the text says.
struct TranscriptPlayer {
    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    private let role: Transcript.Side
    private let side: Side
    /// What the machine has sent and the text has not named yet.
    private var produced: [UInt8] = []
    private var seen: [String] = []

    private init(_ role: Transcript.Side) {
        self.role = role
        side = Transcript.machine(role, at: .now)
    }

    /// Throws where the machine does not do what the text says.
    ///
    /// - Parameter inspect: Is given the player when it is to compare bytes of its own.
    static func play(
        _ transcript: Transcript, as role: Transcript.Side,
        inspect: (inout TranscriptPlayer, [UInt8]) throws -> Void = { _, _ in }
    ) throws {
        var player = TranscriptPlayer(role)
        for step in transcript.steps {
            if case .bytes(role, let bytes, isWrong: false) = step { try inspect(&player, bytes) }
            try player.take(step)
        }
        guard player.seen.isEmpty else { throw Mismatch(description: "not named: \(player.seen)") }
        let rest = player.produced + player.side.take()
        guard rest.isEmpty else { throw Mismatch(description: "not named: \(Transcript.text(rest))") }
        if let sum = transcript.steps.lazy.compactMap({ if case .sum(let sum) = $0 { sum } else { nil } }).first,
            sum != transcript.wrongSum
        {
            throw Mismatch(description: "the sum is \(String(transcript.wrongSum, radix: 16))")
        }
    }

    private mutating func take(_ step: Transcript.Step) throws {
        switch step {
        case .connected:
            try side.shakeHands()
            _ = side.take()
        case .after(let duration): see(side.advance(by: duration))
        case .begin, .pause, .sum: return
        case .action(role, let words):
            try Transcript.perform(words, on: side)
            see(side.events())
        case .bytes(role, let bytes, isWrong: false): try expect(bytes)
        case .bytes(role.other, let bytes, _):
            guard seen.isEmpty else { throw Mismatch(description: "not named: \(seen)") }
            see(side.receive(bytes))
        case .sees(role, let text):
            guard !seen.isEmpty else { throw Mismatch(description: "does not see \(text)") }
            let event = seen.removeFirst()
            guard event == text else { throw Mismatch(description: "sees \(event), not \(text)") }
        case .action, .bytes, .sees: return
        }
    }

    private mutating func see(_ events: [WireEvent]) {
        seen += events.map { Transcript.text($0) }
    }

    private mutating func expect(_ bytes: [UInt8]) throws {
        guard try sends(bytes) else {
            throw Mismatch(description: "sends \(Transcript.text(produced)), not \(Transcript.text(bytes))")
        }
        produced.removeFirst(bytes.count)
    }

    /// Whether these bytes are what the machine sends next.
    mutating func sends(_ bytes: [UInt8]) throws -> Bool {
        while produced.count < bytes.count {
            let more = side.takeOnce()
            see(side.events())
            guard !more.isEmpty else { throw Mismatch(description: "sends too little: \(Transcript.text(produced))") }
            produced += more
        }
        return Array(produced.prefix(bytes.count)) == bytes
    }
}

/// Plays both sides and writes down what they say: the transcript that its remarks and actions make.
struct TranscriptRecorder {
    private let sides: [Transcript.Side: Side]
    private var lines: [String] = []

    private init() {
        let start = WireInstant.now
        sides = [
            .dialler: Transcript.machine(.dialler, at: start), .acceptor: Transcript.machine(.acceptor, at: start),
        ]
    }

    /// The text with everything in it renewed that machines do.
    static func record(_ text: String) throws -> String {
        var recorder = TranscriptRecorder()
        let script = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .filter { line in
                let step = try? Transcript(line).steps.first
                switch step {
                case .bytes(_, _, isWrong: false), .sees, .sum: return false
                case .bytes(_, _, isWrong: true), .begin, .connected, .after, .pause, .action, nil: return true
                }
            }
        for (index, line) in script.enumerated() {
            let isPaused = index + 1 < script.count && script[index + 1] == "pause"
            try recorder.take(line, isPaused: isPaused)
        }
        while recorder.lines.last == "" { recorder.lines.removeLast() }
        let transcript = try Transcript(recorder.lines.joined(separator: "\n"))
        let isWrong = transcript.steps.contains { if case .bytes(_, _, true) = $0 { true } else { false } }
        if isWrong { recorder.lines.append("sum " + String(transcript.wrongSum, radix: 16)) }
        return recorder.lines.joined(separator: "\n") + "\n"
    }

    private mutating func take(_ line: String, isPaused: Bool) throws {
        lines.append(line)
        guard let step = try Transcript(line).steps.first else { return }
        switch step {
        case .connected:
            for side in sides.values {
                try side.shakeHands()
                _ = side.take()
            }
            return
        case .after(let duration):
            for role in Transcript.Side.allCases { see(role, sides[role]?.advance(by: duration) ?? []) }
        case .pause: return
        case .begin: break
        case .action(let role, let words):
            guard let side = sides[role] else { return }
            try Transcript.perform(words, on: side)
            see(role, side.events())
        case .bytes(let role, let bytes, _):
            see(role.other, sides[role.other]?.receive(bytes) ?? [])
        case .sees, .sum: return
        }
        exchange(isPaused: isPaused)
    }

    private mutating func see(_ role: Transcript.Side, _ events: [WireEvent]) {
        lines += events.map { "\(role) sees \(Transcript.text($0))" }
    }

    private mutating func exchange(isPaused: Bool) {
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for role in Transcript.Side.allCases {
                guard let bytes = sides[role]?.takeOnce(), !bytes.isEmpty else { continue }
                hasMoved = true
                see(role, sides[role]?.events() ?? [])
                for frame in Transcript.frames(bytes) {
                    lines.append("\(role) > \(Transcript.text(frame: frame))")
                    see(role.other, sides[role.other]?.receive(frame) ?? [])
                }
            }
            if isPaused { return }
        }
    }
}
