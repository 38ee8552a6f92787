internal import StatorWire

/// The longest text of a peer's that is shown or logged, in bytes of UTF-8.
private let peerTextLengthMax = 1024

/// A peer's text without control characters, bounded: it ends up on terminals and in logs.
func printable(_ text: String) -> String {
    let bounded = text.utf8Prefix(peerTextLengthMax)
    guard bounded.unicodeScalars.contains(where: isControl) else { return bounded }
    var result = String.UnicodeScalarView()
    for scalar in bounded.unicodeScalars {
        result.append(isControl(scalar) ? " " : scalar)
    }
    return String(result)
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    // Format characters turn the direction of writing around.
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
    default: false
    }
}
