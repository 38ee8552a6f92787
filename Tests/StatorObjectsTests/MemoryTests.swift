import ComputeMessages
import StatorObjects
import Testing

@Suite struct MemoryTests {
    @Test func `messages of any size are decoded, however many chunks of memory they take`() throws {
        for count in [0, 1, 15, 16, 17, 100, 1_000, 10_000] {
            var response = ListHostsResponse()
            response.hosts = (0..<count).map { number in
                var host = Host()
                host.name = "compute-\(number)"
                host.disabledReason = String(repeating: "r", count: number % 200)
                return host
            }
            let bytes = try response.encodedBytes()
            let decoded = try ListHostsResponse(decoding: bytes)
            #expect(decoded == response)
            #expect(decoded.hosts.count == count)
            #expect(try decoded.encodedBytes() == bytes)
        }
    }

    @Test func `the longest data that a message may carry comes through in one piece`() throws {
        var output = ConsoleOutput()
        output.data = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let decoded = try ConsoleOutput(decoding: output.encodedBytes())
        #expect(decoded.data == output.data)
    }

    @Test func `memory is refused just above what the encoded length allows`() throws {
        // An empty host takes a struct of several hundred bytes for its two bytes of encoding; up to 64 KiB are free.
        var refusedAt: Int?
        for count in stride(from: 1, through: 2_000, by: 1) where refusedAt == nil {
            let bytes = (0..<count).flatMap { _ in [0x0A, 0x00] as [UInt8] }
            do {
                #expect(try ListHostsResponse(decoding: bytes).hosts.count == count)
            } catch {
                #expect(error.code == .tooLong)
                refusedAt = count
            }
        }
        let count = try #require(refusedAt)
        #expect(count > 50)
        #expect(count < 300)
    }

    @Test func `a decoded message grows beyond its first chunk when it is written`() throws {
        var instance = try Instance(decoding: sampleInstance().encodedBytes())
        let original = instance
        for round in 0..<2_000 {
            instance.displayDescription = String(repeating: "d", count: round % 1_024)
            instance.userData = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: round)
        }
        #expect(instance.userData?.count == 1_999)
        #expect(instance.flavor == original.flavor)
        #expect(original == sampleInstance())
        #expect(try Instance(decoding: instance.encodedBytes()) == instance)
    }
}
