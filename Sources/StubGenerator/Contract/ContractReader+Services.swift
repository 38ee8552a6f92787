internal import SwiftProtobufPluginLibrary

extension ContractReader {
    mutating func readService(_ service: ServiceDescriptor, in file: FileDescriptor) -> ServiceModel {
        for suffix in ["Service", "Methods", "Client"] {
            take(TypeName([service.name + suffix]), for: service.fullName, at: service, in: file)
        }
        var methods: [MethodModel] = []
        for method in service.methods {
            methods.append(readMethod(method, of: service, in: file))
        }
        return ServiceModel(
            fullName: service.fullName, name: service.name, label: SwiftNames.function(service.name),
            documentation: documentation(service), methods: methods, place: place(service, in: file))
    }

    private mutating func readMethod(
        _ method: SwiftProtobufPluginLibrary.MethodDescriptor, of service: ServiceDescriptor, in file: FileDescriptor
    ) -> MethodModel {
        let name = "\(service.fullName)/\(method.name)"
        let functionName = SwiftNames.function(method.name)
        if functionName == "all" || functionName == "init" {
            report(
                method, in: file, "\(name) would be named \(functionName) in Swift, which is taken.",
                fix: "choose another name.")
        }
        takeMember(functionName, of: service.fullName, for: name, at: method, in: file)
        let options = MethodOptions(method.options)
        if options.callers.isEmpty {
            report(
                method, in: file, "\(name) names no callers, so nobody could call it.",
                fix: "add `option (call) = { callers: [CALLER_CLASS_…], since: 1 };`.")
        }
        if let until = options.until, until <= options.since ?? 1 {
            report(
                method, in: file,
                "\(name) ends at service version \(until), not after its beginning at \(options.since ?? 1).",
                fix: "name the first service version that need not serve it any more.")
        }
        return MethodModel(
            name: method.name, functionName: functionName, request: typeName(of: method.inputType),
            response: typeName(of: method.outputType), requestName: method.inputType.fullName,
            responseName: method.outputType.fullName, shape: shape(of: method), callers: options.callers,
            isIdempotent: options.isIdempotent, isPriority: options.isPriority, declaredSince: options.since,
            until: options.until, id: methodIdentifier(service: service.fullName, method: method.name),
            documentation: documentation(method), place: place(method, in: file))
    }

    private func shape(of method: SwiftProtobufPluginLibrary.MethodDescriptor) -> MethodModel.Shape {
        switch (method.clientStreaming, method.serverStreaming) {
        case (false, false): .unary
        case (true, false): .clientStreaming
        case (false, true): .serverStreaming
        case (true, true): .bidirectional
        }
    }
}
