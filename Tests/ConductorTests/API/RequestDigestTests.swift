import Conductor
import Testing

@Suite struct RequestDigestTests {
    @Test func `equal requests have equal digests of sixteen bytes`() {
        #expect(RequestDigest.of("stop", [1, 2]) == RequestDigest.of("stop", [1, 2]))
        #expect(RequestDigest.of("stop", []).count == 16)
    }

    @Test func `another action, another request or another boundary between them is told apart`() {
        let digests = [
            RequestDigest.of("stop", [1, 2]), RequestDigest.of("start", [1, 2]), RequestDigest.of("stop", [2, 1]),
            RequestDigest.of("stop", [1]), RequestDigest.of("sto", [0x70, 1, 2]),
        ]
        #expect(Set(digests).count == digests.count)
    }
}
