import ComputeMessages
import StatorObjects
import StatorRPC
import TestSupport
import Testing

@Suite struct ConductorTakeoverTests {
    @Test func `what a stopped conductor had under way is finished by the other`() async throws {
        try await ConductorCluster.run { cluster in
            let first = try await cluster.startConductor("conductor1")
            try await cluster.withConductor("conductor2") { second in
                let host = try cluster.makeHost(behaviour: .hold, at: first, second)
                try await cluster.withHost(host) { host in
                    try await cluster.withAPI(at: second) { api in
                        // Wherever the host is, it is to lose that conductor in the middle of the build.
                        try await Self.attach(host, cluster, to: "conductor1")
                        let create = try await api.create("web")
                        try await waitUntil("the build is at the host") { host.heldDirectives.count == 1 }
                        try await first.stop()
                        try await waitUntil("the directive has come again") { host.directives.count >= 2 }
                        host.reportHeld()
                        let end = try await api.end(of: create)
                        #expect(end.state == .succeeded)
                        #expect(try await api.get("web").vmState == .active)
                        #expect(Set(host.directives.map(\.operationId)).count == 1)
                        #expect(try cluster.usage(of: host) == "1|512|1")
                    }
                }
            }
        }
    }

    @Test func `a console is fetched through the conductor that holds the host's connection`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor("conductor1") { first in
                try await cluster.withConductor("conductor2") { second in
                    try await cluster.withHost(try cluster.makeHost(at: first)) { _ in
                        let text = try await cluster.withAPI(at: first) { api in
                            let created = try await api.create("web")
                            _ = try await api.end(of: created)
                            let text = try await api.console("web")
                            #expect(text == "console of \(created.instance?.uuid?.description ?? "") on host1\n")
                            return text
                        }
                        try await cluster.withAPI(at: second) { api in
                            let forwarded = try await api.console("web")
                            #expect(forwarded == text)
                        }
                    }
                }
            }
        }
    }

    @Test func `an operation begun at one conductor is carried out by the one that has the host`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor("conductor1") { first in
                try await cluster.withConductor("conductor2") { second in
                    try await cluster.withHost(try cluster.makeHost(at: second)) { _ in
                        try await cluster.withAPI(at: first) { api in
                            for name in ["a", "b", "c"] {
                                let created = try await api.end(of: try await api.create(name))
                                let stopped = try await api.end(of: try await api.stop(name))
                                #expect(created.state == .succeeded)
                                #expect(stopped.state == .succeeded)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func `a host that comes back is directed again and answers that it knows`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(behaviour: .hold, at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let create = try await api.create("web")
                        try await waitUntil("the build is at the host") { host.heldDirectives.count == 1 }
                        host.channel.connection?.close(reason: "the test cuts it")
                        try await waitUntil("the directive has come again") { host.directives.count >= 2 }
                        #expect(host.heldDirectives.count == 1)
                        host.reportHeld()
                        #expect(try await api.end(of: create).state == .succeeded)
                    }
                }
            }
        }
    }

    /// Cuts the host's connection until it comes back to the conductor of that name.
    private static func attach(_ host: FakeHost, _ cluster: ConductorCluster, to name: String) async throws {
        try await waitUntil(timeout: .seconds(30), pollEvery: .milliseconds(200), "the host is attached to \(name)") {
            if host.channel.connection?.peer.identity.name == name { return true }
            host.channel.connection?.close(reason: "the test wants it elsewhere")
            return false
        }
    }
}
