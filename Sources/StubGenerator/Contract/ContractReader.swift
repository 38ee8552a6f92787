internal import Foundation
internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

/// Reads descriptors into a contract and collects what cannot be generated.
struct ContractReader {
    private(set) var contract = Contract()
    private(set) var problems: [Problem] = []
    /// Who already has a Swift name, by scope and name.
    private var takenNames: [String: String] = [:]

    /// - Parameter manifestName: The name of the generated manifest's type, if there is one.
    init(manifestName: String?) {
        if let manifestName { takenNames["|\(manifestName)"] = "the manifest" }
    }

    mutating func read(_ file: FileDescriptor) {
        guard file.edition == .proto2 else {
            report(
                file.name, line: nil, "The file is not in proto2 syntax; protobuf-c 1.4 keeps presence there only.",
                fix: "write `syntax = \"proto2\";` and `optional` before single fields.")
            return
        }
        if let extended = file.extensions.first {
            report(
                extended, in: file, "\(extended.name) is an extension, which is not supported.",
                fix: "declare the field in the message itself.")
        }
        for dependency in file.dependencies
        where dependency.name.hasPrefix("google/protobuf/") && dependency.name != "google/protobuf/descriptor.proto" {
            report(
                file.name, line: nil, "The file imports \(dependency.name), whose messages are not supported.",
                fix: "declare a message of your own; for times use an int64 with FORMAT_TIMESTAMP.")
        }
        var model = ContractFile(path: file.name)
        for enumeration in file.enums {
            model.enums.append(readEnum(enumeration, in: file))
        }
        for message in file.messages {
            read(message, in: file, into: &model)
        }
        for service in file.services {
            model.services.append(readService(service, in: file))
        }
        contract.files.append(model)
    }

    // MARK: Messages

    private mutating func read(_ message: Descriptor, in file: FileDescriptor, into model: inout ContractFile) {
        let options = ObjectOptions(message.options)
        var version: Version?
        if let text = options.version {
            version = Version(text)
            if version == nil {
                report(
                    message, in: file, "The version \"\(text)\" of \(message.fullName) is not major.minor.",
                    fix: "write it like \"1.0\".")
            }
        }
        checkSupport(message, in: file)
        let typeName = typeName(of: message)
        take(typeName, for: message.fullName, at: message, in: file)
        let sorted = message.fields.sorted { $0.number < $1.number }
        var fields: [FieldModel] = []
        for (position, field) in message.fields.enumerated() {
            let index = sorted.firstIndex { $0.number == field.number } ?? position
            if let field = readField(field, index: index, version: version, in: file) { fields.append(field) }
        }
        model.messages.append(
            MessageModel(
                fullName: message.fullName, typeName: typeName, documentation: documentation(message),
                version: version, fields: fields,
                reservedNumbers: message.reservedRanges.map { $0.lowerBound...($0.upperBound - 1) },
                place: place(message, in: file)))
        for enumeration in message.enums {
            model.enums.append(readEnum(enumeration, in: file))
        }
        for nested in message.messages where !nested.options.mapEntry {
            read(nested, in: file, into: &model)
        }
    }

    private mutating func checkSupport(_ message: Descriptor, in file: FileDescriptor) {
        if message.fields.count > 128 {
            report(
                message, in: file, "\(message.fullName) has \(message.fields.count) fields; at most 128 are supported.",
                fix: "move some of them into a message of their own.")
        }
        if let oneof = message.oneofs.first {
            report(
                oneof, in: file, "\(message.fullName).\(oneof.name) is a oneof, which is not supported.",
                fix: "declare optional fields and say in a comment that one of them is set.")
        }
        if !message.messageExtensionRanges.isEmpty || !message.extensions.isEmpty {
            report(
                message, in: file, "\(message.fullName) has extensions, which are not supported.",
                fix: "declare the fields in the message itself.")
        }
    }

    // MARK: Names

    /// The type's name in Swift: without the package, inside the messages that contain it.
    func typeName(of message: Descriptor) -> TypeName {
        TypeName((message.containingType.map { typeName(of: $0).parts } ?? []) + [message.name])
    }

    func typeName(of enumeration: EnumDescriptor) -> TypeName {
        TypeName((enumeration.containingType.map { typeName(of: $0).parts } ?? []) + [enumeration.name])
    }

    /// Notes a type's name; reports when another declaration or the runtime has it.
    mutating func take(
        _ name: TypeName, for owner: String, at place: any ProvidesSourceCodeLocation, in file: FileDescriptor
    ) {
        if SwiftNames.runtimeTypes.contains(name.description) {
            report(
                place, in: file, "\(owner) would be named \(name) in Swift, which generated code uses itself.",
                fix: "choose another name.")
        }
        takeMember(name.description, of: "", for: owner, at: place, in: file)
    }

    mutating func takeMember(
        _ name: String, of scope: String, for owner: String, at place: any ProvidesSourceCodeLocation,
        in file: FileDescriptor
    ) {
        let key = "\(scope)|\(name)"
        if let other = takenNames[key] {
            report(
                place, in: file, "\(owner) and \(other) would both be named \(name) in Swift.",
                fix: "rename one of them.")
        }
        takenNames[key] = owner
    }

    // MARK: Versions, comments, problems

    mutating func version(
        _ text: String?, of owner: String, at place: any ProvidesSourceCodeLocation, in file: FileDescriptor
    ) -> Version? {
        guard let text else { return nil }
        let version = Version(text)
        if version == nil {
            report(
                place, in: file, "The version \"\(text)\" of \(owner) is not major.minor.",
                fix: "write it like \"1.1\".")
        }
        return version
    }

    func documentation(_ place: any ProvidesSourceCodeLocation) -> String {
        place.protoSourceComments(commentPrefix: "")
    }

    func place(_ place: any ProvidesSourceCodeLocation, in file: FileDescriptor) -> Place {
        Place(file: file.name, line: place.sourceCodeInfoLocation?.span.first.map { Int($0) + 1 })
    }

    mutating func report(
        _ place: any ProvidesSourceCodeLocation, in file: FileDescriptor, _ sentence: String, fix: String
    ) {
        report(file.name, line: self.place(place, in: file).line, sentence, fix: fix)
    }

    mutating func report(_ file: String, line: Int?, _ sentence: String, fix: String) {
        problems.append(Problem(file: file, line: line, sentence: sentence, fix: fix))
    }
}
