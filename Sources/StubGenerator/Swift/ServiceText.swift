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
                    "public static let \(method.swiftName) = MethodDescriptor",
                    method.descriptorArguments(of: model.fullName))
            }
            text.blank()
            text.list("public static let all: [MethodDescriptor] = ", model.methods.map(\.swiftName))
        }
    }

    private mutating func serverProtocol(_ model: ServiceModel) {
        documentation(model.documentation.isEmpty ? "What a server of \(model.fullName) does." : model.documentation)
        block("public protocol \(model.name)Service: Sendable") { text in
            for (index, method) in model.methods.enumerated() {
                if index > 0 { text.blank() }
                text.documentation(method.documentation)
                let result = method.shape.streamsResponses ? "" : " -> \(method.response)"
                text.call(
                    "func \(method.swiftName)", method.serverParameters(isClosure: false), " async throws" + result,
                    closingOnOwnLine: true)
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
                    text.closure(
                        "register(\(model.name)Methods.\(method.swiftName))", method.serverParameters(isClosure: true),
                        calling: "try await service.\(method.swiftName)", method.serverArguments)
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
        let request = method.shape.streamsRequests ? [] : ["_ request: \(method.request)"]
        documentation(method.documentation)
        functionHead(
            "public func \(method.swiftName)", request + ["options: CallOptions = CallOptions()"],
            " async throws(RPCError) -> ", method.clientResult)
        indented { text in
            text.call(
                "try await caller.\(method.shape.rawValue)",
                ["\(model.name)Methods.\(method.swiftName)"] + (method.shape.streamsRequests ? [] : ["request"])
                    + ["options: options"])
        }
        line("}")
    }

    /// `head(parameters)effects Type<arguments> {`; the arguments move down where the parameters' doing so is not enough.
    private mutating func functionHead(
        _ head: String, _ parameters: [String], _ effects: String, _ result: (type: String, arguments: [String])
    ) {
        let generic = result.arguments.isEmpty ? "" : "<" + result.arguments.joined(separator: ", ") + ">"
        let tail = effects + result.type + generic + " {"
        guard !result.arguments.isEmpty, 4 + 1 + tail.count > Self.columnMax else {
            call(head, parameters, tail, closingOnOwnLine: true)
            return
        }
        call(head, parameters, effects + result.type + "<", closingOnOwnLine: true)
        indented { text in
            for row in text.filled(result.arguments, end: "") { text.line(row) }
        }
        line("> {")
    }
}
