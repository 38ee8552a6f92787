import StatorObjects
import TestSupport
import Testing

@Suite struct PartLoaderTests {
    private struct Refusal: Error, Equatable {}

    private struct Store: PartLoader {
        var crate: Crate
        var isClosed = false
        let counter = PartLoadCounter()

        func load(_ parts: [String], of object: Crate) async throws(Refusal) -> Crate {
            guard !isClosed else { throw Refusal() }
            var answer = crate
            if !parts.contains("comment") { answer.comment = nil }
            if !parts.contains("lid") { answer.lid = nil }
            return answer
        }
    }

    private func full() -> Crate {
        var crate = Crate()
        crate.address = "10.0.0.1"
        crate.comment = "fragile"
        crate.lid = Part()
        crate.lid?.name = "oak"
        return crate
    }

    private func partial() throws -> Crate {
        var crate = Crate()
        crate.address = "10.0.0.1"
        return try Crate(decoding: crate.encodedBytes())
    }

    @Test func `lazy parts that a decoded object came without are not loaded, all else is`() throws {
        let crate = try partial()
        #expect(crate.unloadedParts == ["comment", "lid"])
        #expect(crate.isLoaded("comment") == false)
        #expect(crate.comment == nil)
        #expect(crate.isLoaded("address"))
        #expect(crate.isLoaded("password"))
        #expect(try Crate(decoding: full().encodedBytes()).unloadedParts.isEmpty)
        #expect(Crate().unloadedParts.isEmpty)
    }

    @Test func `a load fetches all that is missing in one call, and is no change`() async throws {
        let store = Store(crate: full())
        var crate = try partial()
        crate.ratio = 1
        let before = crate
        try await crate.load(with: store)
        #expect(crate.comment == "fragile")
        #expect(crate.lid?.name == "oak")
        #expect(crate.unloadedParts.isEmpty)
        #expect(crate.changedFields == ["ratio"])
        #expect(before.unloadedParts == ["comment", "lid"])
        #expect(store.counter.callCount == 1)
        #expect(store.counter.partCount == 2)
        try await crate.load(with: store)
        try await crate.load(["comment"], with: store)
        #expect(store.counter.callCount == 1)
    }

    @Test func `only the named parts are loaded`() async throws {
        let store = Store(crate: full())
        var crate = try partial()
        try await crate.load(["lid", "address"], with: store)
        #expect(crate.unloadedParts == ["comment"])
        #expect(crate.comment == nil)
        #expect(store.counter.partCount == 1)
    }

    @Test func `a part that is not there is loaded, and has no value`() async throws {
        let store = Store(crate: Crate())
        var crate = try partial()
        try await crate.load(with: store)
        #expect(crate.isLoaded("comment"))
        #expect(crate.comment == nil)
        let copy = crate
        #expect(copy.isLoaded("comment"))
        crate.comment = nil
        #expect(crate.changedFields.isEmpty)
        try await crate.load(with: store)
        #expect(store.counter.callCount == 1)
    }

    @Test func `a part that was set or unset here is not loaded over`() async throws {
        let store = Store(crate: full())
        var crate = try partial()
        crate.comment = "mine"
        crate.lid = nil
        #expect(crate.unloadedParts.isEmpty)
        #expect(crate.changedFields == ["comment", "lid"])
        try await crate.load(with: store)
        #expect(store.counter.callCount == 0)
        #expect(crate.comment == "mine")
        #expect(crate.lid == nil)
    }

    @Test func `a load that fails changes nothing, and counts`() async throws {
        let store = Store(crate: full(), isClosed: true)
        var crate = try partial()
        let before = crate
        do throws(Refusal) {
            try await crate.load(with: store)
            Issue.record("the load succeeded")
        } catch {
            #expect(error == Refusal())
        }
        #expect(crate == before)
        #expect(crate.unloadedParts == ["comment", "lid"])
        #expect(store.counter.callCount == 1)
    }
}
