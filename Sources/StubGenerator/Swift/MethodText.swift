extension MethodModel.Shape {
    /// Whether the server takes a stream in place of one request.
    var streamsRequests: Bool { self == .clientStreaming || self == .bidirectional }
    /// Whether the server is handed a writer in place of returning one response.
    var streamsResponses: Bool { self == .serverStreaming || self == .bidirectional }
}

extension MethodModel {
    var swiftName: String { SwiftNames.escaped(functionName) }

    func descriptorArguments(of service: String) -> [String] {
        var arguments = [
            "service: \"\(service)\"", "name: \"\(name)\"", "id: \(id.groupedHex)",
            "callers: [" + callers.map { ".\($0)" }.joined(separator: ", ") + "]", "isIdempotent: \(isIdempotent)",
        ]
        if isPriority { arguments.append("isPriority: true") }
        return arguments + ["since: \(since)", "shape: .\(shape.rawValue)"]
    }

    /// The parameters of the server's function, or of the closure that the router is given.
    func serverParameters(isClosure: Bool) -> [String] {
        let label = isClosure ? "" : "_ "
        let requests =
            shape.streamsRequests ? "\(label)requests: RequestStream<\(request)>" : "\(label)request: \(request)"
        let responses = shape.streamsResponses ? ["responses: ResponseWriter<\(response)>"] : []
        return [requests] + responses + ["context: CallContext"]
    }

    /// What the closure hands on to the server's function.
    var serverArguments: [String] {
        [shape.streamsRequests ? "requests" : "request"] + (shape.streamsResponses ? ["responses: responses"] : [])
            + ["context: context"]
    }

    /// What the client's function gives: a type, and what it is generic over.
    var clientResult: (type: String, arguments: [String]) {
        switch shape {
        case .unary: ("\(response)", [])
        case .clientStreaming: ("ClientStreamingCall", ["\(request)", "\(response)"])
        case .serverStreaming: ("ResponseStream", ["\(response)"])
        case .bidirectional: ("BidirectionalCall", ["\(request)", "\(response)"])
        }
    }
}

extension UInt64 {
    /// Sixteen hexadecimal digits in groups of four.
    fileprivate var groupedHex: String {
        let digits = String(self, radix: 16)
        let padded = Array(String(repeating: "0", count: 16 - digits.count) + digits)
        let groups = stride(from: 0, to: 16, by: 4).map { String(padded[$0..<$0 + 4]) }
        return "0x" + groups.joined(separator: "_")
    }
}
