/// The errors with which two neighbouring releases may refuse what they cannot express together.
///
/// By kind of request; one of a kind that is not named here may never be refused.
enum DocumentedRefusal {
    /// The sender's: the receiver's version of an object has no place for it.
    private static let lowering = "cannot be sent to a receiver of version"
    /// A method that the peer's release does not have, and a gate that someone holds down.
    private static let serviceVersion = "needs service version"
    /// The placement's, when the hosts that would do are too old to be told.
    private static let placement = "below service version"

    /// An old conductor's, of a server that it does not know all of.
    private static let newerServer = "and later knows, so a conductor of release"

    static let sentences: [String: [String]] = [
        "create with tags": [lowering],
        "create with a cpu model": [lowering, placement],
        "reboot with a cpu model": [lowering, newerServer],
        "pause": [serviceVersion],
        "unpause": [serviceVersion],
    ]

    /// The gate was open when the request came, and then the server's host went back to the older release.
    private static let sentencesGoingBack = ["pause": lowering, "unpause": lowering]

    /// - Parameter isGoingBack: Whether services go from the newer release to the older one.
    static func allows(_ kind: String, _ sentence: String, isGoingBack: Bool) -> Bool {
        if isGoingBack, let expected = sentencesGoingBack[kind], sentence.contains(expected) { return true }
        return sentences[kind]?.contains { sentence.contains($0) } == true
    }
}
