import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite struct ConsoleAllowanceTests {
    static func output(_ byteCount: Int) -> ConsoleOutput {
        var output = ConsoleOutput()
        output.data = [UInt8](repeating: 65, count: byteCount)
        return output
    }

    @Test func `a console ends where it was asked to end`() {
        var allowance = ConsoleAllowance(byteCount: 10)
        #expect(allowance.take(Self.output(4)).data?.count == 4)
        #expect(!allowance.isSpent)
        #expect(allowance.take(Self.output(6)).data?.count == 6)
        #expect(allowance.isSpent)
        #expect(allowance.take(Self.output(6)).data?.isEmpty != false)
    }

    @Test func `the part that goes beyond is cut`() {
        var allowance = ConsoleAllowance(byteCount: 10)
        #expect(allowance.take(Self.output(1000)).data?.count == 10)
        #expect(allowance.isSpent)
    }

    @Test func `parts without anything in them come to an end, too`() {
        var allowance = ConsoleAllowance(byteCount: 3)
        var count = 0
        while !allowance.isSpent, count < 100 {
            _ = allowance.take(ConsoleOutput())
            count += 1
        }
        #expect(count == 3)
    }
}
