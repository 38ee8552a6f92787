/// HELLO, HELLO_ACK and MANIFEST in both directions.
///
/// The two directions are independent of each other. Ours: `helloSent` → `acknowledged` (the peer
/// has or has been sent our manifest). The peer's: `awaitingHello` → `helloReceived` (we decide
/// whether we know the fingerprint) → `awaitingManifest` (optional) → `manifestReceived` (we verify)
/// → `known`. When ours is `acknowledged` and the peer's `known`, streams may be opened.
struct HandshakeStateMachine: ~Copyable {
    enum Ours { case helloSent, acknowledged }

    enum Theirs {
        case awaitingHello
        case helloReceived
        case awaitingManifest(received: [UInt8])
        case manifestReceived
        case known
    }

    private var ours = Ours.helloSent
    private var theirs = Theirs.awaitingHello
    let deadline: WireInstant
    /// What both sides speak, once the peer's HELLO has come.
    private(set) var version: UInt16?

    init(deadline: WireInstant) {
        self.deadline = deadline
    }

    /// Whether the exchange is over and streams may be opened, by either side.
    var isComplete: Bool {
        guard ours == .acknowledged else { return false }
        return switch theirs {
        case .known: true
        case .awaitingHello, .helloReceived, .awaitingManifest, .manifestReceived: false
        }
    }

    /// The peer's HELLO came.
    mutating func receiveHello(version: UInt16) throws(WireViolation) {
        guard case .awaitingHello = theirs else { throw WireViolation("a second HELLO") }
        self.version = version
        theirs = .helloReceived
    }

    /// We looked for the peer's fingerprint among those we know.
    mutating func acknowledge(wantsManifest: Bool) throws(ImpossibleTransition) {
        guard case .helloReceived = theirs else { throw ImpossibleTransition("a HELLO acknowledged that did not come") }
        theirs = wantsManifest ? .awaitingManifest(received: []) : .known
    }

    /// The peer's HELLO_ACK came. A second one is a violation.
    mutating func receiveAcknowledgement() throws(WireViolation) {
        guard ours == .helloSent else { throw WireViolation("a second HELLO_ACK") }
        ours = .acknowledged
    }

    /// A part of the peer's manifest came; returns the whole with the last part.
    mutating func receiveManifest(
        _ part: UnsafeRawBufferPointer, hasMore: Bool
    ) throws(WireViolation) -> [UInt8]? {
        switch theirs {
        case .awaitingManifest(var received):
            // Let go here, so that it is appended to in place.
            theirs = .manifestReceived
            guard received.count + part.count <= WireLimits.manifestLengthMax else {
                throw WireViolation(.limitExceeded, "a manifest of more than \(WireLimits.manifestLengthMax) bytes")
            }
            guard !(hasMore && part.isEmpty) else { throw WireViolation("an empty part of a manifest") }
            received.append(contentsOf: part)
            guard hasMore else { return received }
            theirs = .awaitingManifest(received: received)
            return nil
        case .awaitingHello: throw WireViolation("a MANIFEST before HELLO")
        case .manifestReceived: throw WireViolation("a second MANIFEST")
        case .helloReceived, .known: throw WireViolation("a MANIFEST that was not asked for")
        }
    }

    /// We found the manifest to be that of the fingerprint.
    mutating func acceptManifest() throws(ImpossibleTransition) {
        guard case .manifestReceived = theirs else {
            throw ImpossibleTransition("a manifest accepted that did not come")
        }
        theirs = .known
    }
}
