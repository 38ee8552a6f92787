internal import ComputeMessages
internal import ComputeObjects

/// For whom the API asks, and so whose records may be seen.
///
/// The conductor takes it from the API's message; that it is the API that says so is in the API's certificate.
struct RequesterScope: Sendable, Equatable {
    let userID: String
    let isOperator: Bool

    init(userID: String, isOperator: Bool) {
        self.userID = userID
        self.isOperator = isOperator
    }

    init(_ requester: Requester?) throws {
        guard let requester, let userID = requester.userId else {
            throw ConductorError(.invalid, "the request does not say for which user it is made")
        }
        try checkNameCharacters(userID, field: "requester.user_id")
        self.init(userID: userID, isOperator: requester.isOperator ?? false)
    }

    /// The user whose records a look-up is limited to; nil: all users'.
    var visibleUserID: String? { isOperator ? nil : userID }

    func requireOperator(to action: String) throws(ConductorError) {
        guard isOperator else {
            throw ConductorError(.forbidden, "only operators may \(action); '\(userID)' is a user")
        }
    }
}
