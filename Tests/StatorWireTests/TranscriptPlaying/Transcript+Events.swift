import StatorWire

/// Events as transcripts name them.
extension Transcript {
    static func text(_ event: WireEvent) -> String {
        switch event {
        case .hello(let hello):
            let versions = hello.protocolVersions
            return "hello versions=\(versions.lowerBound)-\(versions.upperBound) service=\(hello.serviceVersion) "
                + "fingerprint=\(text(hello.fingerprint)) release=\(hello.release)"
        case .manifest(let bytes): return "manifest \(text(bytes))"
        case .ready: return "ready"
        case .opened(let id, let header, let message, _, let endsStream):
            return "opened \(id) \(text(header)) \(text(message))\(endsStream ? " end" : "")"
        case .requestMessage(let id, let message, let endsStream):
            return "request \(id) \(text(message))\(endsStream ? " end" : "")"
        case .responseMessage(let id, let message, let endsStream):
            return "response \(id) \(text(message))\(endsStream ? " end" : "")"
        case .status(let id, let status):
            return "status \(id) \(status.code) \"\(status.text)\" details=\(text(status.details))"
        case .cancelled(let id): return "cancelled \(id)"
        case .deadlineExceeded(let id): return "deadline-exceeded \(id)"
        case .writable(let id): return "writable \(id)"
        case .goingAway(let goAway, let refused):
            let refused = refused.map(\.description).joined(separator: ",")
            return "going-away last=\(goAway.lastStream) code=\(goAway.code.rawValue) \"\(goAway.text)\" "
                + "refused=\(refused)"
        case .drained: return "drained"
        case .closed(let close): return "closed by-\(close.cause) code=\(close.code.rawValue) \"\(close.text)\""
        }
    }

    private static func text(_ message: WireMessage?) -> String {
        guard let message else { return "no-message" }
        return "message=" + message.withBytes(in: UnsafeRawBufferPointer(start: nil, count: 0)) { text([UInt8]($0)) }
    }

    private static func text(_ header: CallHeader) -> String {
        var parts = ["method=\(text(Bytes.number(header.method)))"]
        if let timeout = header.timeout { parts.append("timeout=\(Int(timeout / .microseconds(1)))us") }
        if let key = header.idempotencyKey { parts.append("key=\(text(bytes(key)))") }
        if let trace = header.trace {
            let bytes = bytes(trace.traceID) + Bytes.number(trace.parentID) + [trace.flags]
            parts.append("trace=\(text(bytes))")
        }
        return parts.joined(separator: " ")
    }

    private static func bytes(_ bytes: Bytes16) -> [UInt8] { Bytes.number(bytes.high) + Bytes.number(bytes.low) }
}

/// Frames as transcripts write them: their fields apart.
extension Transcript {
    /// The frames in bytes, each with its header; what is no whole frame comes last.
    static func frames(_ bytes: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = bytes[...]
        for header in Bytes.headers(bytes) {
            let frame = rest.prefix(12 + header.length)
            frames.append(Array(frame))
            rest = rest.dropFirst(frame.count)
        }
        return rest.isEmpty ? frames : frames + [Array(rest)]
    }

    static func text(frame: [UInt8]) -> String {
        var lengths = [4, 1, 1, 2, 4]
        if frame.count > 12 {
            switch frame[4] {
            case 1: lengths += [2, 2, 4, 32, 1]
            case 4: lengths += [8, 8] + (frame[5] & 4 == 0 ? [] : [16]) + (frame[5] & 8 == 0 ? [] : [16, 8, 1])
            case 6: lengths += [1, 1, 2, Int(frame[14]) << 8 | Int(frame[15])]
            case 11: lengths += [4, 1]
            default: break
            }
        }
        var rest = frame[...]
        var fields: [String] = []
        for length in lengths + [frame.count] where !rest.isEmpty && length > 0 {
            fields.append(text(rest.prefix(length), separator: " "))
            rest = rest.dropFirst(length)
        }
        return fields.joined(separator: " ")
    }
}
