import Foundation
import StatorReactor
import TestSupport

/// One wrong thing that a peer does, and what the specification says comes of it.
struct HostileKind: Sendable {
    enum Credentials: Sendable {
        /// No TLS, or such as the attack makes itself.
        case none
        case usual
        /// For attacks that use up what is there for one peer.
        case ofItsOwn
        case missing, expired, withoutIdentity, otherAuthority
    }

    enum Answer: Sendable {
        /// GOAWAY with that code and a sentence with these words, then the end.
        case goAway(UInt8, String)
        /// STATUS with that code and such a sentence; the connection goes on.
        case status(UInt8, String)
        /// An alert of TLS, then the end.
        case alert(Int)
        /// The end, whatever is said before it.
        case end
        /// Nothing: the connection goes on, and a PING is answered.
        case served
    }

    let name: String
    let credentials: Credentials
    /// Whether HELLO was exchanged before the attack begins.
    let isGreeted: Bool
    let receivesLittle: Bool
    let answer: Answer
    let timeout: Duration
    let attack: @Sendable (HostilePeer) throws -> Void

    init(
        _ name: String, as credentials: Credentials = .usual, isGreeted: Bool = true, receivesLittle: Bool = false,
        _ answer: Answer, within timeout: Duration = .seconds(5),
        _ attack: @escaping @Sendable (HostilePeer) throws -> Void
    ) {
        self.name = name
        self.credentials = credentials
        self.isGreeted = isGreeted
        self.receivesLittle = receivesLittle
        self.answer = answer
        self.timeout = timeout
        self.attack = attack
    }

    /// Sends frames after HELLO.
    init(_ name: String, _ answer: Answer, sends first: [UInt8], _ others: [UInt8]...) {
        let all = first + others.flatMap(\.self)
        self.init(name, answer) { $0.send(all) }
    }

    /// Does it; nil: the answer was the documented one, else what it was.
    func carryOut(against address: SocketAddress) throws -> String? {
        let peer = try HostilePeer(address, receivesLittle: receivesLittle)
        let setUp = ContinuousClock.now.advanced(by: .seconds(30))
        if let paths = try credentials.paths {
            let isSecure = try peer.secure(paths.certificates, by: setUp)
            if case .alert = answer {} else if !isSecure { return "TLS was refused: alert \(peer.alert ?? 0)" }
        }
        if isGreeted, case .usual = credentials, try !greet(peer, setUp) { return "HELLO was not answered" }
        if isGreeted, case .ofItsOwn = credentials, try !greet(peer, setUp) { return "HELLO was not answered" }
        try attack(peer)
        return disagreement(peer, by: .now.advanced(by: timeout))
    }

    private func greet(_ peer: HostilePeer, _ deadline: ContinuousClock.Instant) throws -> Bool {
        peer.send(FrameBytes.hello() + FrameBytes.frame(FrameBytes.helloAck, [0]))
        return peer.wait(until: deadline) { $0.type == FrameBytes.helloAck } != nil
    }

    private func disagreement(_ peer: HostilePeer, by deadline: ContinuousClock.Instant) -> String? {
        switch answer {
        case .goAway(let code, let words):
            let frame = peer.wait(until: deadline) { $0.type == FrameBytes.goAway }
            guard let frame else { return "no GOAWAY; ended: \(peer.hasEnded), alert \(peer.alert ?? 0)" }
            let text = String(decoding: frame.payload.dropFirst(5), as: UTF8.self)
            guard frame.payload[4] == code, text.contains(words) else { return "GOAWAY \(frame.payload[4]): \(text)" }
            return peer.waitForEnd(until: deadline) ? nil : "the connection goes on after GOAWAY"
        case .status(let code, let words):
            let frame = peer.wait(until: deadline) { $0.type == FrameBytes.status && $0.payload[0] == code }
            guard let frame else { return "no such STATUS; \(seen(peer))" }
            let text = String(decoding: frame.payload.dropFirst(4), as: UTF8.self)
            guard words.isEmpty || text.contains(words) else { return "STATUS \(frame.payload[0]): \(text)" }
            return answersPing(peer, by: deadline)
        case .alert(let number):
            guard peer.waitForEnd(until: deadline) else { return "the connection goes on" }
            return peer.alert == number ? nil : "alert \(peer.alert.map(String.init) ?? "none"); \(seen(peer))"
        case .end: return peer.waitForEnd(until: deadline) ? nil : "the connection goes on; \(seen(peer))"
        case .served: return answersPing(peer, by: deadline)
        }
    }

    private func answersPing(_ peer: HostilePeer, by deadline: ContinuousClock.Instant) -> String? {
        let mark: [UInt8] = [9, 8, 7, 6, 5, 4, 3, 2]
        peer.send(FrameBytes.frame(FrameBytes.ping, mark))
        let pong = peer.wait(until: deadline) { $0.type == FrameBytes.pong && $0.payload == mark }
        return pong == nil ? "a PING is not answered; \(seen(peer))" : nil
    }

    private func seen(_ peer: HostilePeer) -> String {
        let last = peer.frames.suffix(3).map { frame in
            "\(frame.type): \(String(decoding: frame.payload, as: UTF8.self).filter { $0.isASCII && !$0.isNewline })"
        }
        return "ended: \(peer.hasEnded), alert \(peer.alert ?? 0), \(peer.frames.count) frames: \(last)"
    }
}

extension HostileKind.Credentials {
    struct Paths {
        /// Nil: shows none.
        let certificates: TestCertificates.Paths?
    }

    /// Nil: no TLS.
    fileprivate var paths: Paths? {
        get throws {
            switch self {
            case .none: nil
            case .usual: Paths(certificates: try TestCertificates.tls(class: "api", name: "hostile"))
            case .ofItsOwn: Paths(certificates: try TestCertificates.tls(class: "api", name: "greedy"))
            case .missing: Paths(certificates: nil)
            case .expired: Paths(certificates: try TestCertificates.expired(class: "api", name: "hostile"))
            case .withoutIdentity: Paths(certificates: try TestCertificates.withoutSAN(class: "api", name: "hostile"))
            case .otherAuthority:
                Paths(certificates: try TestCertificates.otherAuthority(class: "api", name: "hostile"))
            }
        }
    }
}
