// swift-tools-version: 6.3
// The swift-protobuf peer. bench.sh copies it into the bench's folder and puts the generated messages beside its source,
// so that the repository has no copy of them and Stator's own package does not know of it.
internal import PackageDescription

let package = Package(
    name: "swift-protobuf-peer",
    // The version that Stator's own build has fetched for its generator.
    dependencies: [.package(path: "../../checkouts/swift-protobuf")],
    targets: [
        .executableTarget(
            name: "SwiftProtobufPeer",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")])
    ],
    swiftLanguageModes: [.v6]
)
