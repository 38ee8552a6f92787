/// Which versioned objects a build understands, each up to which version.
public struct Manifest: Hashable, Sendable {
    public static let objectCountMax = 1_024
    public static let canonicalByteCountMax = 65_536
    private static let nameLengthMax = 255

    /// The one reference that a copy of the value costs.
    let plans: LoweringPlans

    public init(_ versions: [String: ObjectVersion]) {
        plans = LoweringPlans(for: versions)
    }

    /// The newest version understood, by the object's full name.
    public var versions: [String: ObjectVersion] { plans.versions }

    /// The form that fingerprints are taken over: one line `name version` per object, sorted by name.
    public var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(versions.count * 32)
        for name in versions.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let version = versions[name] else { continue }
            bytes.append(contentsOf: "\(name) \(version)\n".utf8)
        }
        return bytes
    }

    /// Reads the canonical form; anything else, also another order, is refused.
    public init(canonicalBytes bytes: [UInt8]) throws(ObjectError) {
        guard bytes.count <= Self.canonicalByteCountMax else {
            throw Self.invalid("A manifest has \(bytes.count) bytes; at most \(Self.canonicalByteCountMax) are taken.")
        }
        guard bytes.isEmpty || bytes.last == UInt8(ascii: "\n") else {
            throw Self.invalid("A manifest's last line does not end.")
        }
        var versions: [String: ObjectVersion] = [:]
        var previous: ArraySlice<UInt8> = []
        for (index, line) in bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated() where !bytes.isEmpty
        {
            guard index < Self.objectCountMax else {
                throw Self.invalid("A manifest names more than \(Self.objectCountMax) objects.")
            }
            let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 2, let name = Self.name(parts[0]),
                let version = ObjectVersion(String(decoding: parts[1], as: UTF8.self))
            else {
                throw Self.invalid("Line \(index + 1) of a manifest is not an object's name and its version.")
            }
            guard previous.lexicographicallyPrecedes(parts[0]) else {
                throw Self.invalid("Line \(index + 1) of a manifest is not in order.")
            }
            versions[name] = version
            previous = parts[0]
        }
        self.init(versions)
    }

    /// What it takes to send such messages to the manifest's owner; found without looking up names when it was asked
    /// for before. To be used while the manifest is kept alive.
    func plan(for schema: MessageSchema) -> LoweringPlan {
        plans.plan(for: schema)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.plans === right.plans || left.versions == right.versions
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(versions)
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> String? {
        guard !bytes.isEmpty, bytes.count <= nameLengthMax else { return nil }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                continue
            default:
                return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func invalid(_ message: String) -> ObjectError {
        ObjectError(.invalidManifest, object: "manifest", message: message)
    }
}

extension Manifest: CustomStringConvertible {
    public var description: String { String(decoding: canonicalBytes, as: UTF8.self) }
}
