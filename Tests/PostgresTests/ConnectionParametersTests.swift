import Postgres
import Testing

@Suite("Connecting again")
struct ConnectionParametersTests {
    @Test func `each attempt begins with another host, and its port goes with it`() throws {
        let parameters = try ConnectionParameters(parsing: "host=a,b,c port=1,2,3 user=stator")
        #expect(parameters.turned(by: 0) == parameters)
        #expect(parameters.turned(by: 1).values == ["host": "b,c,a", "port": "2,3,1", "user": "stator"])
        #expect(parameters.turned(by: 4) == parameters.turned(by: 1))
        let onePort = try ConnectionParameters(parsing: "host=a,b port=5433")
        #expect(onePort.turned(by: 1).values == ["host": "b,a", "port": "5433"])
        let oneHost = try ConnectionParameters(parsing: "host=/run/postgresql")
        #expect(oneHost.turned(by: 7) == oneHost)
    }

    @Test func `both forms of a connection string are read`() throws {
        let url = try ConnectionParameters(
            parsing: "postgresql://stator@a:1,b:2/compute?target_session_attrs=read-write")
        #expect(url.values["host"] == "a,b")
        #expect(url.values["port"] == "1,2")
        #expect(url.values["dbname"] == "compute")
        #expect(url.values["target_session_attrs"] == "read-write")
    }

    @Test(arguments: ["nonsense", "host", "host=a b=c", "host=a\0"])
    func `what is no connection string is refused in one sentence`(text: String) {
        let error = #expect(throws: PostgresError.self) { try ConnectionParameters(parsing: text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("\n") == false)
    }
}
