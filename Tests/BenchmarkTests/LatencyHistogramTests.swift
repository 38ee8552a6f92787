import Testing
import stator_bench

@Suite struct `Latency histogram` {
    @Test func `has no quantile while it is empty`() {
        #expect(LatencyHistogram().quantile(0.5) == nil)
    }

    @Test(arguments: [64, 1_000, 95_000, 1_234_567, 60_000_000_000] as [UInt64])
    func `tells a value to within two per cent`(value: UInt64) throws {
        var histogram = LatencyHistogram()
        for _ in 0..<10 { histogram.add(nanoseconds: value) }
        let quantile = try #require(histogram.quantile(0.99))
        #expect(abs(quantile / Double(value) - 1) < 0.02)
    }

    @Test func `tells the middle and the tail apart`() throws {
        var histogram = LatencyHistogram()
        for _ in 0..<980 { histogram.add(nanoseconds: 1_000) }
        for _ in 0..<20 { histogram.add(nanoseconds: 1_000_000) }
        let middle = try #require(histogram.quantile(0.5))
        let tail = try #require(histogram.quantile(0.99))
        #expect(middle < 1_100)
        #expect(tail > 900_000)
        #expect(histogram.total == 1_000)
    }

    @Test func `takes the shortest and the longest there is`() {
        var histogram = LatencyHistogram()
        histogram.add(nanoseconds: 0)
        histogram.add(nanoseconds: .max)
        #expect(histogram.total == 2)
    }
}
