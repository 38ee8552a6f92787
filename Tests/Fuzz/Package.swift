// swift-tools-version: 6.3
// Fuzz targets, in a package of their own: every module is instrumented, which no other build wants.
import PackageDescription

let package = Package(
    name: "stator-fuzz",
    targets: [
        // The modules under attack: links to the repository's own sources.
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c"),
        .target(name: "CComputeMessages", dependencies: ["CProtobufC"]),
        .target(name: "StatorWire"),
        .target(name: "StatorObjects", dependencies: ["CProtobufC"]),
        .target(
            name: "ComputeMessages", dependencies: ["CComputeMessages", "StatorObjects"],
            // The messages without the services, which need the whole runtime.
            exclude: ["ComputeService", "ConductorService", "HostControlService", "HostStateService"].map {
                "Generated/\($0).swift"
            }),

        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "FuzzTargets",
            dependencies: ["CLibFuzzer", "ComputeMessages", "StatorObjects", "StatorWire"],
            // gold stops on debug information of instrumented code.
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.name != "CComputeMessages" {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
        .enableExperimentalFeature("Lifetimes"),
        // Optimised, so that millions of runs take minutes; assertions stay on.
        .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library", "-assert-config", "Debug"]),
    ]
}
