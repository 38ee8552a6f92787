import Foundation
import StatorWire
import Testing

/// The golden transcripts: what is said is fixed for all releases, in both roles. STATOR_GOLDEN=1 writes them anew.
@Suite struct TranscriptTests {
    @Test func `there are transcripts`() throws {
        #expect(try Transcript.names.count >= 15)
    }

    @Test(arguments: (try? Transcript.names) ?? [], Transcript.Side.allCases)
    func `a machine plays its part of a transcript`(_ name: String, _ role: Transcript.Side) throws {
        try TranscriptPlayer.play(Transcript(Transcript.text(named: name)), as: role)
    }

    @Test(arguments: (try? Transcript.names) ?? [])
    func `two machines say what a transcript says, and nothing else`(_ name: String) throws {
        let text = try Transcript.text(named: name)
        let recorded = try TranscriptRecorder.record(text)
        if ProcessInfo.processInfo.environment["STATOR_GOLDEN"] != nil {
            try recorded.write(to: Transcript.folder.appending(path: name), atomically: true, encoding: .utf8)
        } else {
            #expect(recorded == text)
        }
    }

    /// Above so many bytes a transcript is not played again for each of them.
    private static let shortLength = 5_000

    @Test(arguments: (try? Transcript.names) ?? [])
    func `no byte of a transcript can be changed`(_ name: String) throws {
        let transcript = try Transcript(Transcript.text(named: name))
        guard transcript.byteCount <= Self.shortLength else { return try changeLong(transcript, name) }
        for (index, step) in transcript.steps.enumerated() {
            guard case .bytes(let side, let bytes, let isWrong) = step else { continue }
            for position in bytes.indices {
                var changed = transcript
                changed.steps[index] = .bytes(side, Self.change(bytes, position), isWrong: isWrong)
                if Self.isKept(changed) {
                    Issue.record("\(name): byte \(position) of \(Transcript.text(frame: bytes)) may be changed")
                }
            }
        }
    }

    /// Changes each byte where it is compared, or in what the sum is made of.
    private func changeLong(_ transcript: Transcript, _ name: String) throws {
        for role in Transcript.Side.allCases {
            try TranscriptPlayer.play(transcript, as: role) { player, bytes in
                for position in Self.positions(bytes) {
                    guard try player.sends(Self.change(bytes, position)) else { continue }
                    Issue.record("\(name): byte \(position) of \(Transcript.text(frame: bytes)) may be changed")
                }
            }
        }
        for case .bytes(let side, let bytes, true) in transcript.steps {
            var line = transcript
            line.steps = [.bytes(side, bytes, isWrong: true)]
            let sum = line.wrongSum
            for position in Self.positions(bytes) {
                line.steps = [.bytes(side, Self.change(bytes, position), isWrong: true)]
                #expect(line.wrongSum != sum)
            }
        }
    }

    private static func change(_ bytes: [UInt8], _ position: Int) -> [UInt8] {
        var bytes = bytes
        bytes[position] ^= 1 << (position % 8)
        return bytes
    }

    /// Every byte; behind the first 40, of runs of equal ones their beginning, middle and end.
    private static func positions(_ bytes: [UInt8]) -> [Int] {
        bytes.indices.filter { index in
            let isInRun =
                index > 0 && index + 1 < bytes.count && bytes[index - 1] == bytes[index]
                && bytes[index] == bytes[index + 1]
            return index < 40 || !isInRun || index == bytes.count / 2
        }
    }

    private static func isKept(_ transcript: Transcript) -> Bool {
        Transcript.Side.allCases.allSatisfy { role in
            do {
                try TranscriptPlayer.play(transcript, as: role)
                return true
            } catch {
                return false
            }
        }
    }

    @Test(arguments: (try? Transcript.names) ?? [])
    func `no event of a transcript can be left out`(_ name: String) throws {
        let transcript = try Transcript(Transcript.text(named: name))
        for (index, step) in transcript.steps.enumerated() {
            guard case .sees = step else { continue }
            var changed = transcript
            changed.steps.remove(at: index)
            let isKept = Self.isKept(changed)
            #expect(!isKept)
        }
    }
}
