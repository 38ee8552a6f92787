internal import ComputeMessages
package import StatorObjects
package import StatorWire

/// One conductor's work on one operation, from taking it up to its end or to letting it go.
///
/// Does no I/O: every event returns what to do next. What must survive the conductor is in the
/// operation's row; this machine is rebuilt from the row by whoever takes the operation up.
package struct OperationStateMachine: ~Copyable {
    /// The legal transitions:
    /// untaken → choosing → claiming → directing → awaiting → over,
    /// claiming → choosing when the claim was lost, untaken → directing at a later step,
    /// untaken → choosing too when the host that was chosen went away before it was told, and every state → over.
    private enum State: Equatable {
        case untaken
        case choosing(Progress)
        case claiming(Progress, HostCandidate)
        case directing(Progress)
        case awaiting(Progress)
        case over
    }

    /// What the states between the first and the last carry.
    private struct Progress: Equatable {
        var kind: OperationKind
        var deadline: Timestamp
        /// A host may have the directive, from this drive or from an earlier one.
        var mayHaveReachedHost: Bool
        var lostClaims = 0
    }

    /// After so many claims lost in a row the operation is let go and taken up afresh.
    package static let lostClaimsMax = 16

    private var state: State = .untaken

    package init() {}

    package var isOver: Bool { state == .over }

    package var isAwaitingReport: Bool {
        if case .awaiting = state { true } else { false }
    }

    // MARK: Taken up

    package enum OnTaken: Equatable {
        case chooseHost
        case sendDirective
        /// Undo the placement, of which its host was never told, and choose a host anew.
        case leaveHost
        /// Nothing was ever on a host: the operation has nothing to wait for.
        case finish(OperationEnd)
        /// Nothing is left to do.
        case stop
    }

    package mutating func taken(_ view: OperationView, now: Timestamp) throws(ImpossibleTransition) -> OnTaken {
        guard state == .untaken else { throw ImpossibleTransition("taken twice") }
        let progress = Progress(
            kind: view.kind, deadline: view.deadline,
            mayHaveReachedHost: view.wasDirected || view.step == .awaitReport)
        let isOverdue = now >= view.deadline
        switch view.step {
        case .schedule, .direct, .unspecified:
            return takenBeforeReport(view, progress: progress, isOverdue: isOverdue)
        case .awaitReport:
            // Overdue or not: the host has it, so the outcome is what the host says.
            state = .directing(progress)
            return .sendDirective
        case .done:
            state = .over
            return .stop
        }
    }

    private mutating func takenBeforeReport(_ view: OperationView, progress: Progress, isOverdue: Bool) -> OnTaken {
        switch (view.kind, view.hostID) {
        case (.delete, nil):
            state = .over
            return .finish(.succeeded)
        case (.unspecified, _):
            // Of a newer release, whose conductors go on with it.
            state = .over
            return .stop
        case _ where isOverdue && !progress.mayHaveReachedHost:
            state = .over
            return .finish(.failed(Self.deadlineFailure))
        case (.create, nil):
            state = .choosing(progress)
            return .chooseHost
        case (.start, nil), (.stop, nil), (.reboot, nil), (.rebootHard, nil), (.pause, nil), (.unpause, nil):
            state = .over
            return .finish(.failed(OperationFailure(.failedPrecondition, "the instance is on no host")))
        case (.create, .some) where !view.isHostUp && !progress.mayHaveReachedHost:
            state = .choosing(progress)
            return .leaveHost
        case (_, .some):
            state = .directing(progress)
            return .sendDirective
        }
    }

    // MARK: Placement

    package enum OnPlaced: Equatable {
        case claim(HostCandidate)
        case finish(OperationEnd)
        /// Stays at its step, to be taken up again.
        case letGo
    }

    package mutating func placed(
        _ choice: Placement.Choice, now: Timestamp
    ) throws(ImpossibleTransition) -> OnPlaced {
        guard case .choosing(let progress) = state else { throw ImpossibleTransition("placed while not choosing") }
        switch choice {
        case .host(let host):
            state = .claiming(progress, host)
            return .claim(host)
        case .later(let reason):
            state = .over
            if now < progress.deadline { return .letGo }
            return .finish(.failed(OperationFailure(.resourceExhausted, reason)))
        case .none(let reason):
            state = .over
            return .finish(.failed(OperationFailure(.resourceExhausted, reason)))
        }
    }

    /// What became of a claim.
    package enum ClaimResult: Equatable {
        case claimed
        /// The host changed since it was read: choose again.
        case hostChanged
        /// The operation or its instance changed, for example by a delete.
        case superseded
    }

    package enum OnClaimed: Equatable {
        case sendDirective
        case chooseHost
        case letGo
        case stop
    }

    package mutating func claimed(_ result: ClaimResult) throws(ImpossibleTransition) -> OnClaimed {
        guard case .claiming(var progress, _) = state else { throw ImpossibleTransition("claimed while not claiming") }
        switch result {
        case .claimed:
            state = .directing(progress)
            return .sendDirective
        case .hostChanged:
            progress.lostClaims += 1
            if progress.lostClaims >= Self.lostClaimsMax {
                state = .over
                return .letGo
            }
            state = .choosing(progress)
            return .chooseHost
        case .superseded:
            state = .over
            return .stop
        }
    }

    // MARK: The directive

    /// What became of sending the directive.
    package enum DirectiveResult: Equatable {
        case accepted
        /// The host has it, or had it and has reported or will.
        case alreadyKnown
        /// The host, or the lowering to its version, says that it can't be done.
        case refused(code: StatusCode, message: String)
        /// The host is not attached here: nothing was sent.
        case unattached
        /// Sent, perhaps, but not answered.
        case unanswered
    }

    package enum OnDirective: Equatable {
        case awaitReport
        case finish(OperationEnd)
        /// Back to the queue, to be sent again after a pause: so the next try sees what has happened meanwhile.
        case retry
        /// Stays at its step for whoever the host attaches to.
        case letGo
    }

    package mutating func directive(
        _ result: DirectiveResult, now: Timestamp
    ) throws(ImpossibleTransition) -> OnDirective {
        guard case .directing(var progress) = state else { throw ImpossibleTransition("directive while not directing") }
        switch result {
        case .accepted, .alreadyKnown:
            progress.mayHaveReachedHost = true
            state = .awaiting(progress)
            return .awaitReport
        case .refused(let code, let message):
            state = .over
            let failure = OperationFailure(code, message, guestMayExist: progress.mayHaveReachedHost)
            return .finish(.failed(failure))
        case .unanswered:
            state = .over
            return .retry
        case .unattached:
            state = .over
            if now >= progress.deadline, !progress.mayHaveReachedHost {
                return .finish(.failed(Self.deadlineFailure))
            }
            return .letGo
        }
    }

    // MARK: Waiting

    package enum OnHostMoved: Equatable {
        /// Back to the queue at its step, for whichever conductor the host is attached to.
        case letGo
        case ignore
    }

    /// The host's connection closed, or was made anew: what it has heard is to be asked again over the next one.
    ///
    /// While the directive is being sent its own result says so.
    package mutating func hostMoved() -> OnHostMoved {
        guard case .awaiting = state else { return .ignore }
        state = .over
        return .letGo
    }

    /// Somebody else ended the operation or took it over: a report, a delete, another conductor.
    ///
    /// A legitimate race at any moment, so it is never an error.
    package mutating func superseded() {
        state = .over
    }

    /// Only of an operation that certainly no host knows of.
    private static let deadlineFailure = OperationFailure(
        .deadlineExceeded, "the deadline passed before a host could take it")
}
