/// A contract's declarations by their full names, and those that it imports.
package struct ContractIndex {
    package private(set) var messages: [String: MessageModel] = [:]
    package private(set) var enums: [String: EnumModel] = [:]
    package private(set) var services: [String: ServiceModel] = [:]
    /// By `package.Service/Method`.
    package private(set) var methods: [String: MethodModel] = [:]

    /// - Parameter imported: What the contract's files import and is generated elsewhere.
    package init(_ contract: Contract, imported: Contract = Contract()) {
        for file in imported.files + contract.files {
            for message in file.messages { messages[message.fullName] = message }
            for enumeration in file.enums { enums[enumeration.fullName] = enumeration }
            for service in file.services {
                services[service.fullName] = service
                for method in service.methods { methods["\(service.fullName)/\(method.name)"] = method }
            }
        }
    }

    /// Those that a message's own fields refer to, in the order of their names.
    package func enums(of message: MessageModel) -> [EnumModel] {
        let names = Set(message.fields.filter(\.kind.isEnumeration).compactMap(\.referencedType))
        return names.sorted().compactMap { enums[$0] }
    }
}
