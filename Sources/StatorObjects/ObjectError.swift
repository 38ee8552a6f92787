/// Why an object was not decoded, encoded or accepted: a code for programs, a sentence for people.
public struct ObjectError: Error, Hashable, Sendable {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case malformed
            case invalidValue
            case unknownEnumValue
            case tooLong
            case tooDeep
            case lostInLowering
            case invalidManifest
            case invalidMask
            case invalidJSON
        }

        private let value: Value

        /// The bytes are no message of that type.
        public static let malformed = Code(value: .malformed)
        /// A value does not fit its field's format.
        public static let invalidValue = Code(value: .invalidValue)
        /// An enumeration's field holds a number that names nothing.
        public static let unknownEnumValue = Code(value: .unknownEnumValue)
        /// A value, or the whole message, exceeds its length.
        public static let tooLong = Code(value: .tooLong)
        /// Messages are nested too deep.
        public static let tooDeep = Code(value: .tooDeep)
        /// The object cannot be said at the version that the receiver understands.
        public static let lostInLowering = Code(value: .lostInLowering)
        /// The bytes are no manifest.
        public static let invalidManifest = Code(value: .invalidManifest)

        /// A field mask names what the object lacks, or is not one.
        public static let invalidMask = Code(value: .invalidMask)
        /// The text is no JSON, or not that of such an object.
        public static let invalidJSON = Code(value: .invalidJSON)

        public var description: String { value.rawValue }
    }

    public var code: Code
    /// The full name of the object, for example `stator.v1.Instance`.
    public var object: String
    /// The field's name in the declaration; nil when the object as a whole is meant.
    public var field: String?
    /// The value in question, shortened when it is long and masked when it is sensitive; nil when none is known.
    public var value: String?
    public var message: String
    /// The version that this build has of the object, when the error is about versions.
    public var ownVersion: ObjectVersion?
    /// The version that the receiver understands; nil also when it does not know the object at all.
    public var targetVersion: ObjectVersion?

    /// What stands for a sensitive value.
    static let maskedText = "[masked]"

    public init(
        _ code: Code, object: String, field: String? = nil, value: String? = nil, message: String,
        ownVersion: ObjectVersion? = nil, targetVersion: ObjectVersion? = nil
    ) {
        self.code = code
        self.object = object
        self.field = field
        self.value = value
        self.message = message
        self.ownVersion = ownVersion
        self.targetVersion = targetVersion
    }
}

extension ObjectError: CustomStringConvertible {
    public var description: String { message }
}
