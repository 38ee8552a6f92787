import StatorReactor
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: ["127.0.0.1:7701", "0.0.0.0:0", "[::1]:7701", "[fe80::1%1]:65535", "unix:/run/stator.sock"])
    func `reads and writes numeric addresses`(_ text: String) throws {
        #expect(try SocketAddress(parsing: text).description == text)
    }

    @Test func `tells host and port`() throws {
        let tcp = try SocketAddress(parsing: "[2001:db8::5]:7701")
        #expect(tcp.port == 7701)
        #expect(tcp.host == "2001:db8::5")
        let unix = try SocketAddress(parsing: "unix:/tmp/x")
        #expect(unix.port == nil)
        #expect(unix.host == nil)
    }

    @Test(arguments: [
        "", "127.0.0.1", "127.0.0.1:", ":7701", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "::1:7701",
        "[::1]7701", "[]:1", "localhost:7701", "127.0.0.1:1\0", "127.0.0.1\0:1", "unix:", "[::1", "300.1.1.1:5",
        "unix:/" + String(repeating: "a", count: 107),
    ])
    func `refuses everything else with a sentence`(_ text: String) {
        let error = #expect(throws: ReactorError.self) { try SocketAddress(parsing: text) }
        #expect(error?.description.hasPrefix("read the address \(text): ") == true)
    }

    @Test func `takes a path as long as the system has room for`() throws {
        #expect(throws: Never.self) { try SocketAddress(parsing: "unix:/" + String(repeating: "a", count: 106)) }
    }

    @Test func `looks up names, and answers numeric addresses as they are`() async throws {
        let local = try await SocketAddress.resolve("localhost:7701")
        #expect(local.allSatisfy { $0.port == 7701 })
        #expect(try await SocketAddress.resolve("127.0.0.1:1").map(\.description) == ["127.0.0.1:1"])
        #expect(try await SocketAddress.resolve("unix:/a").map(\.description) == ["unix:/a"])
        await #expect(throws: ReactorError.self) { try await SocketAddress.resolve("nowhere.invalid:1") }
        await #expect(throws: ReactorError.self) { try await SocketAddress.resolve("nowhere") }
    }
}
