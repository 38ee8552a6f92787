import StubGenerator
import Testing

/// From descriptors to the model, without any text.
@Suite struct ModelTests {
    private static let text = Snippet.proto(
        """
        // A colour.
        enum Colour {
          COLOUR_RED = 0;
          COLOUR_BLUE = 2 [(stator.v1.value) = { since: "1.1", lower_as: "COLOUR_RED" }];
        }
        message Gadget {
          option (stator.v1.object) = { version: "1.2" };
          reserved 4 to 6, 9;
          // Its colour.
          repeated Colour colours = 3 [(stator.v1.field) = {
            since: "1.1", until: "1.2", lowering: LOWERING_REFUSE, length_max: 5, sensitive: true, lazy: true
          }];
          map<sint32, Gadget> parts_by_number = 2;
          message Inner { optional bytes id = 1 [(stator.v1.field) = { format: FORMAT_UUID }]; }
        }
        service Desk {
          rpc Get(stream Gadget) returns (Gadget.Inner) {
            option (stator.v1.call) = { callers: [CALLER_CLASS_USER], idempotent: true, priority: true, until: 4 };
          }
        }
        """)

    @Test func `a field has its options, its types' names and its place`() throws {
        let file = try #require(try Snippet.contract(Self.text).files.first)
        #expect(file.path == "example.proto")
        #expect(file.messages.map(\.fullName) == ["example.v1.Gadget", "example.v1.Gadget.Inner"])
        let gadget = file.messages[0]
        #expect(gadget.version == Version(1, 2))
        #expect(gadget.reservedNumbers == [4...6, 9...9])
        #expect(gadget.place == Place(file: "example.proto", line: 12))
        let colours = gadget.fields[0]
        #expect(colours.number == 3)
        #expect(colours.index == 1)
        #expect(colours.kind == .enumeration(TypeName(["Colour"])))
        #expect(colours.declaredType == "example.v1.Colour")
        #expect(colours.isRepeated && !colours.isMap && colours.isSensitive && colours.isLazy)
        #expect(colours.since == Version(1, 1))
        #expect(colours.until == Version(1, 2))
        #expect(colours.lowering == .refuse)
        #expect(colours.lengthMax == 5)
        #expect(colours.place.line == 16)
        #expect(colours.documentation == " Its colour.\n")
    }

    @Test func `a map is a field of its values that knows its keys`() throws {
        let parts = try #require(try Snippet.contract(Self.text).files.first).messages[0].fields[1]
        #expect(parts.mapKey == .int32)
        #expect(parts.kind == .message(TypeName(["Gadget"])))
        #expect(parts.referencedType == "example.v1.Gadget")
        #expect(parts.declaredType == "map<sint32, example.v1.Gadget>")
        #expect(parts.isMap && parts.isRepeated)
        #expect(parts.propertyName == "partsByNumber")
    }

    @Test func `a value knows what stands for it, and a method what it takes`() throws {
        let file = try #require(try Snippet.contract(Self.text).files.first)
        let blue = file.enums[0].values[1]
        #expect(blue.name == "COLOUR_BLUE")
        #expect(blue.caseName == "blue")
        #expect(blue.since == Version(1, 1))
        #expect(blue.loweredAs == 0)
        #expect(file.enums[0].values[0].loweredAs == nil)
        let get = try #require(file.services.first?.methods.first)
        #expect(get.requestName == "example.v1.Gadget")
        #expect(get.responseName == "example.v1.Gadget.Inner")
        #expect(get.response == TypeName(["Gadget", "Inner"]))
        #expect(get.shape == .clientStreaming)
        #expect(get.callers == ["user"])
        #expect(get.isIdempotent && get.isPriority)
        #expect(get.declaredSince == nil)
        #expect(get.since == 1)
        #expect(get.until == 4)
    }

    @Test func `a contract is compared with releases as a value`() throws {
        let before = try Snippet.contract(Self.text)
        let release = FrozenRelease(name: "0.1", serviceVersion: 1, folder: "releases/0.1", contract: before)
        #expect(Evolution(of: before, after: [release]).problems == [])
        #expect(Evolution(of: before, after: [release]).serviceVersion == 2)
        #expect(Evolution(of: before, after: [release], serviceVersion: 9).serviceVersion == 9)
        var after = before
        after.files[0].messages[0].fields[0].isSensitive = false
        after.files[0].messages[0].version = Version(1, 3)
        #expect(
            Evolution(of: after, after: [release]).problems == [
                Problem(
                    file: "example.proto", line: 16,
                    sentence: "example.v1.Gadget.colours is no longer sensitive, but release 0.1 promised to mask it.",
                    fix: "write `sensitive: true`.")
            ])
    }
}
