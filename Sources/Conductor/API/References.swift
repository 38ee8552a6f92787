internal import ComputeObjects

/// What a request is to name, and does.
func required(_ reference: String?, _ thing: String) throws(ConductorError) -> String {
    guard let reference, !reference.isEmpty else {
        throw ConductorError(
            .invalid, "\(thing) is missing; give its name or its id, `stator \(thing) list` shows which there are")
    }
    return reference
}

extension StoreError {
    /// What a user is told who looked a thing up by its name or its id.
    func explained(lookingUp thing: String, _ reference: String) -> any Error {
        let shown = reference.prefix(byteCountMax: ComputeLimits.nameLengthMax).singleLine
        switch code {
        case .notFound:
            return ConductorError(
                .notFound, "there is no \(thing) '\(shown)'; `stator \(thing) list` shows which there are")
        case .ambiguousName:
            let number = count.map(String.init) ?? "several"
            return ConductorError(.ambiguous, "\(number) \(thing)s are called '\(shown)'; say which by its id")
        default:
            return self
        }
    }
}
