import Conductor
import Testing

@Suite struct HostReturnTests {
    @Test func `hosts are waited for while the request, the conductor or the database is new or just back`() {
        let long = Duration.seconds(3600)
        #expect(HostReturn.isAwaited(sinceCreation: .seconds(1), sinceOutage: long))
        #expect(HostReturn.isAwaited(sinceCreation: long, sinceOutage: .seconds(29)))
    }

    @Test func `hosts are not waited for when they had their time`() {
        #expect(!HostReturn.isAwaited(sinceCreation: HostReturn.period, sinceOutage: HostReturn.period))
    }
}
