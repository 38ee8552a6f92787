internal import SwiftProtobufPluginLibrary

/// Where each type of all files is in Python, also of those that are only imported.
struct PythonTypes {
    struct Location: Hashable {
        /// Parts of the module's name.
        var module: [String]
        var name: TypeName
        var isEnumeration = false
    }

    /// By full name.
    private var locations: [String: Location] = [:]

    init(_ descriptors: DescriptorSet) {
        for file in descriptors.files {
            let module = PythonNames.module(ofPath: file.name)
            for enumeration in file.enums { add(enumeration, module, []) }
            for message in file.messages { add(message, module, []) }
        }
    }

    subscript(fullName: String) -> Location? { locations[fullName] }

    private mutating func add(_ message: Descriptor, _ module: [String], _ outer: [String]) {
        let parts = outer + [message.name]
        locations[message.fullName] = Location(module: module, name: TypeName(parts))
        for enumeration in message.enums { add(enumeration, module, parts) }
        for nested in message.messages { add(nested, module, parts) }
    }

    private mutating func add(_ enumeration: EnumDescriptor, _ module: [String], _ outer: [String]) {
        locations[enumeration.fullName] = Location(
            module: module, name: TypeName(outer + [enumeration.name]), isEnumeration: true)
    }
}
