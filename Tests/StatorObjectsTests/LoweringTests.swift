import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct LoweringTests {
    private func manifest(_ changes: [String: ObjectVersion?]) -> Manifest {
        Manifest(
            ComputeManifest.current.versions.merging(changes.compactMapValues { $0 }) { _, new in new }
                .filter { changes[$0.key] != .some(nil) })
    }

    private func lowered<Message: VersionedMessage>(_ message: Message, _ receiver: Manifest) throws -> Message {
        try Message(decoding: message.encodedBytes(for: receiver))
    }

    @Test func `an object goes to a receiver of its version or a newer one as it is`() throws {
        var instance = sampleInstance()
        instance.displayDescription = "text"
        instance.userData = [1, 2, 3]
        for receiver in [ComputeManifest.current, manifest(["stator.v1.Instance": ObjectVersion(1, 7)])] {
            #expect(try instance.encodedBytes(for: receiver) == instance.encodedBytes())
        }
    }

    @Test func `a field that an older receiver lacks is dropped, from nested objects and lists too`() throws {
        var instance = sampleInstance()
        instance.displayDescription = "text"
        var expected = instance
        expected.displayDescription = nil
        let receiver = manifest(["stator.v1.Instance": ObjectVersion(1, 0)])
        #expect(try lowered(instance, receiver) == expected)

        var response = ServerOperationResponse()
        response.instance = instance
        #expect(try lowered(response, receiver).instance == expected)
        var list = ListServersResponse()
        list.instances = [expected, instance, expected, instance]
        #expect(try lowered(list, receiver).instances == [expected, expected, expected, expected])
        // What is sent is a copy.
        #expect(list.instances[1].displayDescription == "text")
        #expect(response.instance == instance)
    }

    @Test func `a field that must not be lost is refused in a sentence`() throws {
        var instance = sampleInstance()
        instance.userData = [1]
        var directive = Directive()
        directive.instance = instance
        let receiver = manifest(["stator.v1.Instance": ObjectVersion(1, 0)])
        let error = try #require(throws: ObjectError.self) { try directive.encodedBytes(for: receiver) }
        #expect(error.code == .lostInLowering)
        #expect(error.object == "stator.v1.Instance")
        #expect(error.field == "user_data")
        let own = try #require(Instance.schema.version)
        #expect(error.ownVersion == own)
        #expect(error.targetVersion == ObjectVersion(1, 0))
        #expect(
            error.description
                == "stator.v1.Instance \(own) cannot be sent to a receiver of version 1.0: "
                + "its field user_data would be lost."
        )
    }

    @Test func `an object that the receiver does not know is refused only when it is there`() throws {
        let receiver = manifest(["stator.v1.Fault": nil])
        var instance = sampleInstance()
        #expect(try instance.encodedBytes(for: receiver) == instance.encodedBytes())
        instance.fault = Fault()
        let error = try #require(throws: ObjectError.self) { try instance.encodedBytes(for: receiver) }
        #expect(error.description == "stator.v1.Fault 1.0 cannot be sent to a receiver that does not know the object.")
        #expect(error.targetVersion == nil)
    }

    @Test func `an object of another major version is refused`() throws {
        let receiver = manifest(["stator.v1.Flavor": ObjectVersion(2, 0)])
        let error = try #require(throws: ObjectError.self) { try sampleInstance().encodedBytes(for: receiver) }
        #expect(
            error.description
                == "stator.v1.Flavor 1.0 cannot be sent to a receiver of version 2.0: the major versions differ.")
    }

    @Test func `unknown fields go through lowering`() throws {
        var sample = WireSample()
        sample.field(3, bytes: Array("web".utf8))
        sample.field(22, bytes: Array("text".utf8))
        sample.field(700, varint: 1)
        let instance = try Instance(decoding: sample.bytes)
        var expected = WireSample()
        expected.field(3, bytes: Array("web".utf8))
        expected.field(700, varint: 1)
        let receiver = manifest(["stator.v1.Instance": ObjectVersion(1, 0)])
        #expect(try instance.encodedBytes(for: receiver) == expected.bytes)
    }

    @Test func `every object, filled at random, can be said at 1.0 or is refused by name`() throws {
        let receiver = Manifest(ComputeManifest.current.versions.mapValues { _ in ObjectVersion(1, 0) })
        var random = SeededGenerator(seed: 7)
        for type in messageTypes {
            let message = try type.init(decoding: WireSample(of: type.schema, using: &random).bytes)
            do throws(ObjectError) {
                _ = try type.init(decoding: message.encodedBytes(for: receiver))
            } catch {
                let schema = messageTypes.first { $0.schema.name == error.object }?.schema
                #expect(schema?.fields.first { $0.name == error.field }?.lowering == .refuse)
            }
        }
    }
}
