import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite struct HostAnswerTests {
    @Test func `all instances of a large host fit into an answer`() throws {
        var response = GetHostInstancesResponse()
        response.instances = (0..<3000).map { _ in
            var instance = Instance()
            instance.uuid = .random()
            instance.vmState = .active
            return instance
        }
        let received = try GetHostInstancesResponse(decoding: try response.encodedBytes(for: nil))
        #expect(received.instances.count == 3000)
    }

    static func image() -> Image {
        var image = Image()
        image.uuid = .random()
        image.name = "linux"
        image.checksum = [UInt8](repeating: 1, count: 32)
        image.bootMethod = .kernel
        image.minMemoryMb = 64
        image.minRootGb = 1
        image.sizeBytes = 1 << 20
        return image
    }

    @Test func `of a host's image only what is known of images is kept`() throws {
        let image = Self.image()
        // Field 100, a string: no field of an Image of this release.
        let padding = [0xA2, 0x06, 0x04] + Array("junk".utf8)
        let padded = try Image(decoding: try image.encodedBytes(for: nil) + padding)
        #expect(try padded.encodedBytes(for: nil).suffix(padding.count) == padding[...])
        let kept = try Image(heldBy: "host1", padded)
        #expect(try kept.encodedBytes(for: nil) == image.encodedBytes(for: nil))
    }

    @Test(arguments: 0..<4) func `an image that cannot be told from others is refused`(lacking: Int) {
        var image = Self.image()
        switch lacking {
        case 0: image.uuid = nil
        case 1: image.name = nil
        case 2: image.checksum = nil
        default: image.checksum = [1, 2, 3]
        }
        let refusal = #expect(throws: ConductorError.self) { try Image(heldBy: "host1", image) }
        #expect(refusal?.message == "an image of host 'host1' lacks its uuid, its name or its checksum")
    }
}
