import StatorWire

/// What a side's program does, as transcripts name it.
extension Transcript {
    /// One side's machine, as transcripts begin with it.
    static func machine(_ side: Side, at start: WireInstant) -> StatorWireTests.Side {
        switch side {
        case .dialler:
            let hello = Hello(
                serviceVersion: 7,
                fingerprint: hex("6217ddf4d2c7b8de45a351b42e7b76c7de86b305c7d5dbed135c08a9c51228a3"), release: "0.1.0")
            return StatorWireTests.Side(
                .dialler, at: start, hello: hello, manifest: Array("stator.v1.Instance 1.1\n".utf8))
        case .acceptor:
            let hello = Hello(
                serviceVersion: 8,
                fingerprint: hex("5a7a0505ab50140d1074ee1870104ef1440f724acdccac2800a6e3ba2eba8ebf"), release: "0.2.0")
            return StatorWireTests.Side(
                .acceptor, at: start, hello: hello, manifest: Array("stator.v1.Instance 1.2\n".utf8))
        }
    }

    /// The words behind a verb: numbers and names by their order, and what is named by its name.
    private struct Arguments {
        var plain: [String] = []
        var named: [String: String] = [:]

        init(_ words: ArraySlice<String>) {
            for word in words {
                if let equals = word.firstIndex(of: "="), !word.hasPrefix("\"") {
                    named[String(word[..<equals])] = String(word[word.index(after: equals)...])
                } else {
                    plain.append(word)
                }
            }
        }

        func bytes(_ name: String) throws -> [UInt8]? { try named[name].map { try Transcript.bytes($0) } }
        func has(_ word: String) -> Bool { plain.contains(word) }
        var text: String { plain.first { $0.hasPrefix("\"") }.map { String($0.dropFirst().dropLast()) } ?? "" }

        var stream: StreamID {
            get throws {
                guard let number = plain.first.flatMap(UInt32.init) else {
                    throw Malformed(description: "a stream is missing in \(plain)")
                }
                return StreamID(number)
            }
        }
    }

    static func perform(_ words: [String], on side: StatorWireTests.Side) throws {
        let arguments = Arguments(words.dropFirst())
        let result: String
        switch words[0] {
        case "acknowledges":
            try side.wire.acknowledgeHello(wantsManifest: arguments.named["manifest"] == "wanted")
            return
        case "accepts": return try side.wire.acceptManifest()
        case "opens": result = try open(arguments, on: side)
        case "requests":
            result = try text(
                side.request(arguments.stream, arguments.bytes("message"), endsStream: arguments.has("end")))
        case "responds":
            result = try text(
                side.respond(arguments.stream, arguments.bytes("message") ?? [], endsStream: arguments.has("end")))
        case "finishes":
            guard let code = StatusCode.allCases.first(where: { arguments.has($0.description) }) else {
                throw Malformed(description: "no status in \(words)")
            }
            let status = CallStatus(code, arguments.text, details: try arguments.bytes("details") ?? [])
            return side.wire.finish(try arguments.stream, status)
        case "cancels": return side.wire.cancel(try arguments.stream)
        case "consumes":
            guard let length = arguments.plain.last.flatMap(Int.init) else {
                throw Malformed(description: "no length in \(words)")
            }
            return side.wire.consumed(try arguments.stream, length: length)
        case "drains": return side.wire.drain(arguments.text)
        default: throw Malformed(description: "not understood: \(words)")
        }
        guard result == arguments.named["result"] ?? "sent" else {
            throw Malformed(description: "\(words) gives \(result)")
        }
    }

    private static func text(_ result: WireConnection.OnSend) -> String { "\(result)" }

    private static func open(_ arguments: Arguments, on side: StatorWireTests.Side) throws -> String {
        guard let method = arguments.named["method"].flatMap({ UInt64($0, radix: 16) }) else {
            throw Malformed(description: "no method in \(arguments)")
        }
        var header = CallHeader(method: method)
        if let key = try arguments.bytes("key") {
            header.idempotencyKey = Bytes16(high: integer(key[0..<8]), low: integer(key[8..<16]))
        }
        if let trace = try arguments.bytes("trace") {
            header.trace = TraceBytes(
                traceID: Bytes16(high: integer(trace[0..<8]), low: integer(trace[8..<16])),
                parentID: integer(trace[16..<24]), flags: trace[24])
        }
        let timeout = arguments.named["timeout"].flatMap { Int($0.dropLast(2)) }.map { Duration.microseconds($0) }
        let result = side.open(
            try arguments.bytes("message"), header: header, timeout: timeout, endsStream: arguments.has("end"))
        guard case .opened(try arguments.stream) = result else { return "\(result)" }
        return "sent"
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
