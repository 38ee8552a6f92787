// swift-tools-version: 6.3
import PackageDescription

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")

let package = Package(
    name: "stator",
    products: [
        .library(
            name: "StatorRPC", targets: ["StatorRPC", "StatorObjects", "StatorWire", "StatorTLS", "StatorReactor"]),
        .library(name: "ComputeMessages", targets: ["ComputeMessages"]),
        .executable(name: "protoc-gen-stator", targets: ["protoc-gen-stator"]),
        .executable(name: "stator", targets: ["stator"]),
        .executable(name: "stator-api", targets: ["stator-api"]),
        .executable(name: "stator-compute", targets: ["stator-compute"]),
        .executable(name: "stator-conductor", targets: ["stator-conductor"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CComputeMessages", dependencies: ["CProtobufC"]),

        // Mechanism
        .target(name: "StatorWire"),
        .target(name: "StatorReactor", dependencies: ["CLinux", deque, heap]),
        .target(name: "StatorTLS", dependencies: ["COpenSSL"]),

        // Objects and calls
        .target(name: "StatorObjects", dependencies: ["CProtobufC"]),
        .target(
            name: "StatorRPC",
            dependencies: ["StatorWire", "StatorTLS", "StatorReactor", "StatorObjects", logging, metrics, deque]),

        // Contract and domain
        .target(name: "ComputeMessages", dependencies: ["CComputeMessages", "StatorObjects", "StatorRPC"]),
        .target(name: "ComputeObjects", dependencies: ["ComputeMessages", "StatorObjects", "StatorRPC", "StatorWire"]),

        // Services
        .target(name: "Postgres", dependencies: ["CLibPQ", "StatorReactor", logging, deque]),
        .target(
            name: "Conductor",
            dependencies: [
                "Postgres", "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor",
                "StatorTLS", "StatorWire", logging, lifecycle, signals,
            ]),
        .target(
            name: "ComputeAgent",
            dependencies: [
                "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor", "StatorTLS",
                "StatorWire", "CLinux", logging, lifecycle,
            ]),
        .target(
            name: "ComputeAPI",
            dependencies: [
                "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor", "StatorTLS",
                "StatorWire", logging, lifecycle, signals,
            ]),
        .target(
            name: "StubGenerator",
            dependencies: [
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "SwiftProtobufPluginLibrary", package: "swift-protobuf"),
            ]),
        .target(name: "CommandOptions", dependencies: ["StatorTLS", argumentParser, logging]),
        .target(
            name: "CommandLineClient",
            dependencies: [
                "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor", "StatorTLS",
                "StatorWire", "CommandOptions", argumentParser, logging,
            ]),

        // Executables
        .executableTarget(
            name: "stator-api", dependencies: ["ComputeAPI", "ComputeObjects", "CommandOptions", argumentParser]),
        .executableTarget(
            name: "stator-compute",
            dependencies: [
                "ComputeAgent", "ComputeObjects", "CommandOptions", "StatorReactor", "StatorTLS", argumentParser,
                lifecycle, logging, signals,
            ]),
        .executableTarget(
            name: "stator-conductor",
            dependencies: ["Conductor", "ComputeObjects", "CommandOptions", argumentParser]),
        .executableTarget(name: "stator", dependencies: ["CommandLineClient"]),
        .executableTarget(
            name: "stator-bench",
            dependencies: [
                "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor", "StatorTLS",
                "CommandOptions", argumentParser, logging,
            ],
            // Other languages; Sources/Scripts/bench.sh builds them.
            exclude: ["Peers"]),
        .executableTarget(name: "protoc-gen-stator", dependencies: ["StubGenerator"]),

        // Tests: unit and conformance
        .target(name: "TestSupport", dependencies: ["StatorObjects"], path: "Tests/TestSupport"),
        .target(
            name: "ClusterSupport", dependencies: ["StatorReactor", "StatorTLS", "TestSupport"],
            path: "Tests/ClusterSupport"),
        .testTarget(name: "StatorWireTests", dependencies: ["StatorWire"], exclude: ["Transcripts"]),
        .testTarget(name: "StatorReactorTests", dependencies: ["StatorReactor"]),
        .testTarget(name: "StatorTLSTests", dependencies: ["StatorTLS", "COpenSSL", "TestSupport"]),
        .testTarget(name: "StatorObjectsTests", dependencies: ["StatorObjects", "ComputeMessages", "TestSupport"]),
        .testTarget(
            name: "StatorRPCTests",
            dependencies: [
                "StatorRPC", "StatorObjects", "StatorReactor", "StatorTLS", "StatorWire", "ComputeMessages",
                "TestSupport",
                logging,
            ]),
        // Server and clients as processes of their own, and the promises that are shown with them.
        .target(
            name: "RPCTestService",
            dependencies: ["StatorRPC", "StatorObjects", "StatorReactor", "ComputeMessages"],
            path: "Tests/RPCTestService"),
        .executableTarget(
            name: "RPCTestServer",
            dependencies: [
                "RPCTestService", "StatorRPC", "StatorObjects", "StatorReactor", "StatorTLS", "StatorWire",
                "ComputeMessages", logging, signals,
            ],
            path: "Tests/RPCTestServer"),
        .testTarget(
            name: "RPCSystemTests",
            dependencies: [
                "RPCTestServer", "RPCTestService", "StatorRPC", "StatorObjects", "StatorReactor", "StatorTLS",
                "StatorWire", "ComputeMessages", "COpenSSL", "TestSupport", logging,
            ]),
        .testTarget(
            name: "ComputeObjectsTests",
            dependencies: ["ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorWire"]),
        .testTarget(name: "StubGeneratorTests", dependencies: ["StubGenerator"]),
        .testTarget(
            name: "ConductorTests",
            dependencies: [
                "Conductor", "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorWire",
            ]),
        .testTarget(
            name: "ComputeAgentTests",
            dependencies: [
                "ComputeAgent", "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor",
                "StatorTLS", "StatorWire", "TestSupport", logging, lifecycle,
            ]),
        .testTarget(
            name: "ComputeAPITests",
            dependencies: [
                "ComputeAPI", "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC", "StatorReactor",
                "StatorTLS", "StatorWire", "TestSupport", logging,
            ]),
        .testTarget(
            name: "CommandLineClientTests",
            dependencies: [
                "CommandLineClient", "CommandOptions", "ComputeObjects", "ComputeMessages", "StatorObjects",
                "StatorRPC",
                "StatorReactor", "StatorTLS", "StatorWire", "TestSupport", "stator", argumentParser, logging,
            ]),

        // Tests: real PostgreSQL, TLS, processes and guests; the repository's own rules
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "StatorReactor", "TestSupport"]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Conductor", "Postgres", "ComputeObjects", "ComputeMessages", "StatorObjects", "StatorRPC",
                "StatorReactor", "StatorTLS", "StatorWire", "ClusterSupport", "TestSupport", "protoc-gen-stator",
                logging,
            ]),
        // A package of others, made from the files in Tests/OutsidePackage, which depends on this one.
        .testTarget(name: "OutsidePackageTests", dependencies: ["TestSupport", "protoc-gen-stator"]),
        // Daemons of the previous release among those of this one; only `make test-upgrade` has both.
        .testTarget(
            name: "UpgradeTests",
            dependencies: [
                "ClusterSupport", "TestSupport", "ComputeMessages", "ComputeObjects", "StatorObjects", "StatorRPC",
                "StatorReactor", "StatorTLS", "StatorWire", logging,
            ]),
        .testTarget(name: "RepositoryTests"),
        .testTarget(
            name: "BenchmarkTests",
            dependencies: ["stator-bench", "ComputeMessages", "StatorObjects", "TestSupport"],
            // Built by the tests themselves, as a library to load before all others.
            exclude: ["Counting"]),
    ],
    swiftLanguageModes: [.v6]
)

// Modules in which unsafe code is allowed; each such expression is marked.
let modulesOfUnsafeCode: Set<String> = ["StatorReactor", "StatorTLS", "StatorObjects", "ComputeMessages", "Postgres"]

for target in package.targets where target.type != .system && target.name != "CComputeMessages" {
    var settings: [SwiftSetting] = [
        // `any` marks what is dispatched at run time.
        .enableUpcomingFeature("ExistentialAny"),
        // What an import shows to a module's own clients is said at the import.
        .enableUpcomingFeature("InternalImportsByDefault"),
        // A member is visible only where its module is imported.
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        // An async function stays on its caller's executor: no hop for each call.
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
        // Spans as results of functions and properties.
        .enableExperimentalFeature("Lifetimes"),
        .treatAllWarnings(as: .error),
    ]
    if modulesOfUnsafeCode.contains(target.name) {
        settings.append(.strictMemorySafety())
    }
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
