import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct ConductorOperationTests {
    @Test func `a create ends with an active server on a host that was never asked anything`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let begun = try await api.create("web")
                        #expect(begun.instance?.vmState == .building)
                        #expect(begun.instance?.taskState == .scheduling)
                        let end = try await api.end(of: begun)
                        #expect(end.state == .succeeded)
                        let server = try await api.get("web")
                        #expect(server.vmState == .active)
                        #expect(server.taskState == TaskState.none)
                        #expect(server.powerState == .running)
                        #expect(server.host == "host1")
                        #expect(server.launchedAt != nil)
                        #expect(server.networkInterfaces.first?.macAddress?.hasPrefix("52:54:00:") == true)
                        #expect(try cluster.usage(of: host) == "1|512|1")
                        let directive = try #require(host.directives.first)
                        #expect(host.directives.count == 1)
                        #expect(directive.instance?.flavor?.name == "small")
                        #expect(directive.instance?.image?.checksum == ConductorCluster.image.checksum)
                        #expect(directive.instance?.blockDevices.first?.deviceName == "vda")
                    }
                }
            }
        }
    }

    @Test func `stop, start, both reboots and delete lead where their rules say`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        _ = try await api.end(of: try await api.create("web"))
                        #expect(try await api.end(of: try await api.stop("web")).state == .succeeded)
                        #expect(try await api.get("web").vmState == .stopped)
                        #expect(try await api.get("web").powerState == .shutdown)
                        let refusal = await #expect(throws: RPCError.self) { try await api.reboot("web") }
                        #expect(refusal?.code == .failedPrecondition)
                        #expect(refusal?.message.contains("stopped") == true)
                        #expect(try await api.end(of: try await api.start("web")).state == .succeeded)
                        #expect(try await api.get("web").vmState == .active)
                        #expect(try await api.end(of: try await api.reboot("web")).state == .succeeded)
                        #expect(try await api.end(of: try await api.reboot("web", hard: true)).state == .succeeded)
                        #expect(try await api.end(of: try await api.delete("web")).state == .succeeded)
                        #expect(try cluster.usage(of: host) == "0|0|0")
                        let gone = await #expect(throws: RPCError.self) { try await api.get("web") }
                        #expect(gone?.code == .notFound)
                        let kinds = host.directives.map(\.kind)
                        #expect(kinds == [.create, .stop, .start, .reboot, .rebootHard, .delete])
                    }
                }
            }
        }
    }

    @Test func `a failed build is an error with the host's words, and frees what it had claimed`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                let host = try cluster.makeHost(behaviour: .fail("qemu: no such device"), at: conductor)
                try await cluster.withHost(host) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let end = try await api.end(of: try await api.create("web"))
                        #expect(end.state == .failed)
                        #expect(end.fault?.message == "qemu: no such device")
                        let server = try await api.get("web")
                        #expect(server.vmState == .error)
                        #expect(server.taskState == TaskState.none)
                        #expect(server.fault?.message == "qemu: no such device")
                        #expect(server.hostId == nil)
                        #expect(try cluster.usage(of: host) == "0|0|0")
                        // It is on no host, so nobody is asked to delete it.
                        #expect(try await api.end(of: try await api.delete("web")).state == .succeeded)
                        #expect(host.directives.count == 1)
                    }
                }
            }
        }
    }

    @Test func `a directive that the host refuses fails the operation and frees the claim`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                let host = try cluster.makeHost(behaviour: .refuse("shutting down"), at: conductor)
                try await cluster.withHost(host) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let end = try await api.end(of: try await api.create("web"))
                        #expect(end.state == .failed)
                        #expect(end.fault?.code == UInt32(StatusCode.failedPrecondition.rawValue))
                        #expect(end.fault?.message.map { $0.contains("shutting down") } == true)
                        #expect(try cluster.usage(of: host) == "0|0|0")
                    }
                }
            }
        }
    }

    @Test func `without a host that has room the operation fails with the count of hosts and reasons`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                let host = try cluster.makeHost(memoryMb: 700, at: conductor)
                try await cluster.withHost(host) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        #expect(try await api.end(of: try await api.create("first")).state == .succeeded)
                        let end = try await api.end(of: try await api.create("second"))
                        #expect(end.state == .failed)
                        #expect(end.fault?.code == UInt32(StatusCode.resourceExhausted.rawValue))
                        #expect(
                            end.fault?.message
                                == "no valid host: of 1 host, 1 with less than 512 MB of memory free")
                        #expect(try await api.get("second").vmState == .error)
                        #expect(try cluster.usage(of: host) == "1|512|1")
                    }
                }
            }
        }
    }

    @Test func `a delete during a build cancels it, and a late success of the build changes nothing`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(behaviour: .hold, at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let create = try await api.create("web")
                        try await waitUntil("the build is at the host") { host.heldDirectives.count == 1 }
                        let delete = try await api.delete("web")
                        #expect(try await api.operation(create.operation?.uuid).state == .cancelled)
                        let again = try await api.delete("web")
                        #expect(again.operation?.uuid == delete.operation?.uuid)
                        try await waitUntil("the delete is at the host") { host.heldDirectives.count == 2 }
                        host.reportHeld()
                        #expect(try await api.end(of: delete).state == .succeeded)
                        #expect(try await api.operation(create.operation?.uuid).state == .cancelled)
                        #expect(try cluster.usage(of: host) == "0|0|0")
                        let states = try cluster.query("SELECT count(*) FROM instances WHERE terminated_at IS NOT NULL")
                        #expect(states == ["1"])
                    }
                }
            }
        }
    }

    @Test func `a watcher sees the steps of an operation, each once`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(behaviour: .hold, at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let create = try await api.create("web")
                        async let states = api.watch(create.operation?.uuid)
                        try await waitUntil("the build is at the host") { host.heldDirectives.count == 1 }
                        try await waitUntil("the report is awaited") {
                            try await api.operation(create.operation?.uuid).step == .awaitReport
                        }
                        host.reportHeld()
                        let generations = try await states.compactMap(\.generation)
                        #expect(generations == generations.sorted())
                        #expect(Set(generations).count == generations.count)
                        #expect(try await states.last?.state == .succeeded)
                    }
                }
            }
        }
    }
}
