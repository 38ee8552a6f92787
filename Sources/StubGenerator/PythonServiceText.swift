extension PythonText {
    /// A service's methods and its client.
    mutating func service(_ model: ServiceModel, types: PythonTypes) {
        methods(model, types: types)
        gap()
        client(model, types: types)
    }

    private mutating func methods(_ model: ServiceModel, types: PythonTypes) {
        block("class \(model.name)Methods") { text in
            text.line("\"\"\"The methods of \(model.fullName).\"\"\"")
            text.line()
            for method in model.methods {
                text.call(
                    "\(PythonNames.constant(method.name)): _typing.Final = _rpc.Method",
                    method.pythonArguments(of: model.fullName, types))
            }
            text.call(
                "ALL: _typing.Final[tuple[_rpc.Method[_typing.Any, _typing.Any], ...]] = ",
                model.methods.map { PythonNames.constant($0.name) }, isAlwaysLong: model.methods.count == 1)
        }
    }

    private mutating func client(_ model: ServiceModel, types: PythonTypes) {
        block("class \(model.name)Client") { text in
            text.documentation(
                model.documentation.isEmpty ? "Calls the methods of \(model.fullName)." : model.documentation)
            text.line()
            text.block("def __init__(self, channel: _rpc.Channel) -> None") { text in
                text.line("self._channel = channel")
            }
            for method in model.methods {
                text.line()
                text.clientMethod(method, of: model, types: types)
            }
        }
    }

    private mutating func clientMethod(_ method: MethodModel, of model: ServiceModel, types: PythonTypes) {
        let (request, response) = (method.pythonRequest(types), method.pythonResponse(types))
        let takesRequest = method.shape == .unary || method.shape == .serverStreaming
        var parameters = ["self"]
        var arguments = ["\(model.name)Methods.\(PythonNames.constant(method.name))"]
        if takesRequest {
            parameters.append("request: \(request)")
            arguments.append("request")
        }
        parameters += ["*", "timeout: float | None = None"]
        arguments.append("timeout=timeout")
        if method.isIdempotent {
            parameters.append("idempotency_key: bytes | None = None")
            arguments.append("idempotency_key=idempotency_key")
        }
        let isUnary = method.shape == .unary
        let result = isUnary ? response : "_rpc.\(method.shape.pythonCall)[\(request), \(response)]"
        call(
            "\(isUnary ? "async " : "")def \(PythonNames.function(method.name))", parameters, " -> \(result):")
        indented { text in
            text.documentation(method.documentation)
            text.call("return \(isUnary ? "await " : "")self._channel.\(method.shape.pythonFunction)", arguments)
        }
    }
}

extension MethodModel {
    func pythonRequest(_ types: PythonTypes) -> String { types[requestName]?.name.description ?? request.description }
    func pythonResponse(_ types: PythonTypes) -> String {
        types[responseName]?.name.description ?? response.description
    }

    fileprivate func pythonArguments(of service: String, _ types: PythonTypes) -> [String] {
        let callers = callers.map { "_rpc.CallerClass.\($0.uppercased())" }.joined(separator: ", ")
        var arguments = [
            "\"\(service)/\(name)\"", pythonRequest(types), pythonResponse(types), "_rpc.Shape.\(shape.python)",
            "frozenset({\(callers)})",
        ]
        if isIdempotent { arguments.append("idempotent=True") }
        if isPriority { arguments.append("priority=True") }
        if since != 1 { arguments.append("since=\(since)") }
        if let until { arguments.append("until=\(until)") }
        return arguments
    }
}

extension MethodModel.Shape {
    /// As a value of the runtime's enumeration.
    fileprivate var python: String { SwiftNames.upperSnake(rawValue).uppercased() }
    /// The channel's function that makes such a call.
    fileprivate var pythonFunction: String { python.lowercased() }
    /// What a call that streams is to its maker.
    fileprivate var pythonCall: String {
        switch self {
        case .unary, .serverStreaming: "ResponseStream"
        case .clientStreaming: "ClientStreamingCall"
        case .bidirectional: "BidirectionalCall"
        }
    }
}
