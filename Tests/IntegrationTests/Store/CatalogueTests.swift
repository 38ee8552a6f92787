import ComputeMessages
import Conductor
import Postgres
import StatorObjects
import Testing

@Suite("Flavors, images and services in the database")
struct CatalogueTests {
    @Test func `a flavor's name is its own`() async throws {
        try await StoreFixture.run { fixture in
            let flavors = fixture.store.flavors
            let created = try await flavors.create(StoreFixture.flavor(name: "small", memoryMB: 768))
            #expect(created.generation == 1)
            #expect(created.createdAt != nil)
            let taken = await storeError { _ = try await flavors.create(StoreFixture.flavor(name: "small")) }
            #expect(taken?.code == .alreadyExists)
            #expect(taken?.message == "there is a flavor small already")
            let byName = try await flavors.find("small")
            let byUUID = try await flavors.find(created.uuid?.description ?? "")
            #expect(byName == created)
            #expect(byUUID == created)
            let absent = await storeError { _ = try await flavors.find("huge") }
            #expect(absent?.code == .notFound)
            let all = try await flavors.list()
            #expect(all == [created])
        }
    }

    @Test func `no more flavors and images are listed than an answer may have`() async throws {
        try await StoreFixture.run { fixture in
            _ = try await fixture.client.query(
                """
                INSERT INTO flavors (uuid, name, vcpus, memory_mb, root_gb, created_at, generation)
                SELECT gen_random_uuid(), 'f' || lpad(n::text, 4, '0'), 1, 1, 1, 0, 1 FROM generate_series(1, 1030) AS n
                """)
            let flavors = try await fixture.store.flavors.list()
            #expect(flavors.count == 1024)
            #expect(flavors.first?.name == "f0001")
            for host in ["h1", "h2"] {
                try await fixture.registerHost(
                    name: host, images: (0..<600).map { StoreFixture.image(name: "\(host)-\($0)") })
            }
            let images = try await fixture.store.images.list()
            #expect(images.count == 1024)
        }
    }

    @Test func `a text with a NUL is refused`() async throws {
        try await StoreFixture.run { fixture in
            let error = await storeError { _ = try await fixture.store.flavors.find("a\0b") }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `the images are what hosts hold, and the checksum of most counts`() async throws {
        try await StoreFixture.run { fixture in
            let images = fixture.store.images
            let uuid = ObjectID.random()
            let common = StoreFixture.image(name: "linux", uuid: uuid, checksum: 1)
            let odd = StoreFixture.image(name: "linux", uuid: uuid, checksum: 2)
            let namesake = StoreFixture.image(name: "other")
            let (host, _) = try await fixture.registerHost(name: "h1", images: [odd, namesake])
            try await fixture.registerHost(name: "h2", images: [common])
            try await fixture.registerHost(name: "h3", images: [common, StoreFixture.image(name: "other")])
            let found = try await images.find("linux")
            #expect(found == common)
            let byUUID = try await images.find(uuid.description)
            #expect(byUUID == common)
            let ambiguous = await storeError { _ = try await images.find("other") }
            #expect(ambiguous?.code == .ambiguousName)
            #expect(ambiguous?.count == 2)
            let all = try await images.list()
            #expect(all.map(\.name) == ["linux", "other", "other"])
            try await fixture.registerHost(name: "h1", uuid: host.uuid, images: [common])
            let held = try await images.list(hostID: host.uuid)
            #expect(held == [common])
            try await fixture.registerHost(name: "h1", uuid: host.uuid, images: [])
            let none = try await images.list(hostID: host.uuid)
            #expect(none == [])
        }
    }

    @Test func `a service keeps its uuid over registrations and is up while its lease lasts`() async throws {
        try await StoreFixture.run { fixture in
            let services = fixture.store.services
            let first = try await services.register(
                binary: "stator-api", name: "api1", release: "0.1.0", version: 1, address: nil, lease: .seconds(60))
            let second = try await services.register(
                binary: "stator-api", name: "api1", release: "0.2.0", version: 2, address: "127.0.0.1:1",
                lease: .seconds(60))
            #expect(first.uuid == second.uuid)
            #expect(second.generation == 2)
            #expect(second.isUp)
            try await services.withdraw(first.uuid)
            let withdrawn = try await services.find(binary: "stator-api", name: "api1")
            #expect(withdrawn?.isUp == false)
            try await services.renew(first.uuid, lease: .seconds(60))
            let all = try await services.list(binary: nil)
            #expect(all.map(\.isUp) == [true])
            let others = try await services.list(binary: "stator-conductor")
            #expect(others.isEmpty)
            let absent = await storeError { try await services.renew(.random(), lease: .seconds(60)) }
            #expect(absent?.code == .notFound)
        }
    }
}
