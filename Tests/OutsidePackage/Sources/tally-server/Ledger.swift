import StatorObjects
import StatorRPC
import TallyMessages

/// Keeps the entries in memory.
actor Ledger: TallyService {
    private var entries: [Entry] = []
    /// Those that wait for the next entry.
    private var watchers: [CheckedContinuation<Void, Never>] = []

    func add(_ request: AddRequest, context: CallContext) async throws -> TotalResponse {
        guard let entry = request.entry else { throw RPCError(.invalidArgument, "there is no entry to add") }
        return try note(entry)
    }

    func watch(_ request: WatchRequest, responses: ResponseWriter<Entry>, context: CallContext) async throws {
        for position in 0..<Int(request.count ?? 0) {
            while position >= entries.count {
                await withCheckedContinuation { watchers.append($0) }
            }
            try await responses.write(entries[position])
        }
    }

    func addAll(_ requests: RequestStream<Entry>, context: CallContext) async throws -> TotalResponse {
        var response = TotalResponse()
        for try await entry in requests {
            response.total = (response.total ?? 0) + (entry.amount ?? 0)
            response.entry = try note(entry).entry
        }
        return response
    }

    func follow(
        _ requests: RequestStream<Entry>, responses: ResponseWriter<TotalResponse>, context: CallContext
    ) async throws {
        for try await entry in requests {
            try await responses.write(note(entry))
        }
    }

    private func note(_ entry: Entry) throws -> TotalResponse {
        guard let name = entry.name, entry.amount != nil else {
            throw RPCError(.invalidArgument, "an entry has a name and an amount")
        }
        var noted = entry
        noted.notedAt = .now()
        entries.append(noted)
        for watcher in watchers { watcher.resume() }
        watchers = []
        var response = TotalResponse()
        response.total = entries.reduce(0) { $1.name == name ? $0 + ($1.amount ?? 0) : $0 }
        response.entry = noted
        return response
    }
}
