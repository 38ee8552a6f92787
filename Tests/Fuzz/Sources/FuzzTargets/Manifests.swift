import StatorObjects

/// The canonical text that fingerprints are taken over: what is read must be written the same.
func runManifest(_ input: UnsafeRawBufferPointer) -> CInt {
    let bytes = [UInt8](input)
    guard let manifest = try? Manifest(canonicalBytes: bytes) else { return 0 }
    require(manifest.canonicalBytes == bytes, "a manifest that is not canonical was accepted")
    return 0
}
