import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite struct ListAnswerTests {
    static func instances(_ count: Int) -> [Instance] {
        (0..<count).map { number in
            var instance = Instance()
            instance.displayName = "server\(number)"
            instance.displayDescription = String(repeating: "x", count: 1000)
            return instance
        }
    }

    @Test func `a short list is whole`() throws {
        #expect(try ListAnswer.fitting(Self.instances(1000)).count == 1000)
        #expect(try ListAnswer.fitting([Instance]()).isEmpty)
    }

    @Test func `a list that would be too long ends early`() throws {
        let fitting = try ListAnswer.fitting(Self.instances(1000), byteCountMax: 100_000)
        #expect(fitting.count > 90 && fitting.count < 100)
        #expect(fitting.first?.displayName == "server0")
        var response = ListServersResponse()
        response.instances = fitting
        #expect(try response.encodedBytes(for: nil).count <= 100_000)
    }

    @Test func `one is always listed, so that whoever pages comes to the end`() throws {
        #expect(try ListAnswer.fitting(Self.instances(3), byteCountMax: 1).count == 1)
    }
}
