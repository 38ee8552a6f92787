extension SwiftText {
    /// A service's methods, the protocol of a server, its registration and the client.
    package mutating func service(_ model: ServiceModel) {
        methods(model)
        blank()
        serverProtocol(model)
        blank()
        registration(model)
        blank()
        client(model)
    }

    private mutating func methods(_ model: ServiceModel) {
        documentation("The methods of \(model.fullName).")
        block("public enum \(model.name)Methods") { text in
            for method in model.methods {
                text.call(
                    "public static let \(SwiftNames.escaped(method.functionName)) = MethodDescriptor",
                    [
                        "service: \"\(model.fullName)\"", "name: \"\(method.name)\"", "id: \(method.id.groupedHex)",
                        "callers: [" + method.callers.map { ".\($0)" }.joined(separator: ", ") + "]",
                        "isIdempotent: \(method.isIdempotent)", "since: \(method.since)",
                        "shape: .\(method.isServerStreaming ? "serverStreaming" : "unary")",
                    ])
            }
            text.blank()
            text.list(
                "public static let all: [MethodDescriptor] = ",
                model.methods.map { SwiftNames.escaped($0.functionName) })
        }
    }

    private mutating func serverProtocol(_ model: ServiceModel) {
        documentation(model.documentation.isEmpty ? "What a server of \(model.fullName) does." : model.documentation)
        block("public protocol \(model.name)Service: Sendable") { text in
            for (index, method) in model.methods.enumerated() {
                if index > 0 { text.blank() }
                text.documentation(method.documentation)
                let name = SwiftNames.escaped(method.functionName)
                if method.isServerStreaming {
                    text.call(
                        "func \(name)",
                        [
                            "_ request: \(method.request)", "responses: ResponseWriter<\(method.response)>",
                            "context: CallContext",
                        ], " async throws", closingOnOwnLine: true)
                } else {
                    text.call(
                        "func \(name)", ["_ request: \(method.request)", "context: CallContext"],
                        " async throws -> \(method.response)", closingOnOwnLine: true)
                }
            }
        }
    }

    private mutating func registration(_ model: ServiceModel) {
        block("extension CallRouter") { text in
            text.documentation("Lets the service answer the methods of \(model.fullName).")
            text.block(
                "public mutating func register(\(SwiftNames.escaped(model.label)) service: some \(model.name)Service)"
            ) { text in
                for method in model.methods {
                    let name = SwiftNames.escaped(method.functionName)
                    let descriptor = "\(model.name)Methods.\(name)"
                    if method.isServerStreaming {
                        text.closure(
                            "register(\(descriptor))",
                            [
                                "request: \(method.request)", "responses: ResponseWriter<\(method.response)>",
                                "context: CallContext",
                            ], calling: "try await service.\(name)",
                            ["request", "responses: responses", "context: context"])
                    } else {
                        text.closure(
                            "register(\(descriptor))", ["request: \(method.request)", "context: CallContext"],
                            calling: "try await service.\(name)", ["request", "context: context"])
                    }
                }
            }
        }
    }

    /// `head { (parameters) in`, a call, `}`; the parameters move down where the line is too long.
    private mutating func closure(
        _ head: String, _ parameters: [String], calling function: String, _ arguments: [String]
    ) {
        let list = "(" + parameters.joined(separator: ", ") + ") in"
        let isLong = 8 + head.count + 3 + list.count > Self.columnMax
        line(isLong ? head + " {" : head + " { " + list)
        indented { text in
            if isLong { text.call("", parameters, " in", closingOnOwnLine: true) }
            text.call(function, arguments)
        }
        line("}")
    }

    private mutating func client(_ model: ServiceModel) {
        documentation("Calls the methods of \(model.fullName).")
        block("public struct \(model.name)Client: Sendable") { text in
            text.line("private let caller: any Caller")
            text.blank()
            text.block("public init(_ caller: any Caller)") { text in
                text.line("self.caller = caller")
            }
            for method in model.methods {
                text.blank()
                text.clientMethod(method, of: model)
            }
        }
    }

    private mutating func clientMethod(_ method: MethodModel, of model: ServiceModel) {
        let name = SwiftNames.escaped(method.functionName)
        let result = method.isServerStreaming ? "ResponseStream<\(method.response)>" : "\(method.response)"
        documentation(method.documentation)
        call(
            "public func \(name)", ["_ request: \(method.request)", "options: CallOptions = CallOptions()"],
            " async throws(RPCError) -> \(result) {", closingOnOwnLine: true)
        indented { text in
            let function = method.isServerStreaming ? "serverStreaming" : "unary"
            text.call(
                "try await caller.\(function)", ["\(model.name)Methods.\(name)", "request", "options: options"])
        }
        line("}")
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
