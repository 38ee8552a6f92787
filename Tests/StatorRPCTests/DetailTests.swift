import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct DetailTests {
    private static func router(_ detail: some VersionedMessage) -> CallRouter {
        .unary { _, _ in throw RPCError(.aborted, "somebody was faster", detail: detail) }
    }

    @Test func `a status carries a typed object`() async throws {
        var fault = Fault()
        fault.message = "the generation is 4"
        try await Rig.with(Self.router(fault)) { [fault] rig in
            try await rig.withChannel { channel in
                let error = try await failure { try await channel.ask("a") }
                #expect(error.detailName == "stator.v1.Fault")
                #expect(error.detail(as: Fault.self) == fault)
                #expect(error.detail(as: Instance.self) == nil)
            }
        }
    }

    @Test func `a status without one says so`() async throws {
        try await Rig.with(.unary { _, _ in throw RPCError(.aborted, "no") }) { rig in
            try await rig.withChannel { channel in
                let error = try await failure { try await channel.ask("a") }
                #expect(error.detailName == nil)
                #expect(error.detail(as: Fault.self) == nil)
            }
        }
    }

    @Test func `an object that cannot be said at the caller's version is left out`() async throws {
        var instance = Instance()
        instance.userData = [1]
        try await Rig.with(Self.router(instance)) { rig in
            try await rig.withChannel(local: .older) { channel in
                let error = try await failure { try await channel.ask("a") }
                #expect(error.code == .aborted)
                #expect(error.detailName == nil)
            }
        }
    }

    @Test func `a caller's own error keeps its object`() {
        var fault = Fault()
        fault.message = "x"
        let error = RPCError(.aborted, "no", detail: fault)
        #expect(error.detail(as: Fault.self) == fault)
    }
}
