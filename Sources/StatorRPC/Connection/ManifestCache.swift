internal import StatorObjects

/// Manifests by fingerprint, so that a peer of a known build need not send its own.
///
/// `@unchecked Sendable`: touched on one loop's thread only, that of the connections that share it.
final class ManifestCache: @unchecked Sendable {
    /// More builds than this at a time do not run in one deployment; then the oldest is forgotten.
    private static let countMax = 64

    private var manifests: [[UInt8]: Manifest] = [:]
    private var order: [[UInt8]] = []

    subscript(_ fingerprint: [UInt8]) -> Manifest? { manifests[fingerprint] }

    func insert(_ manifest: Manifest, _ fingerprint: [UInt8]) {
        guard manifests.updateValue(manifest, forKey: fingerprint) == nil else { return }
        order.append(fingerprint)
        guard order.count > Self.countMax else { return }
        manifests[order.removeFirst()] = nil
    }
}
