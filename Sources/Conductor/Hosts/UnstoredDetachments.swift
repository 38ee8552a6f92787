package import Logging
internal import StatorObjects
package import StatorReactor

/// Detachments that could not be stored when the connections closed: until they are, the database has it that the
/// hosts are attached here.
///
/// On the loop. The attachment's number guards each: one that the host has replaced meanwhile changes nothing.
package actor UnstoredDetachments {
    static let retryInterval: Duration = .seconds(1)

    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let store: Store
    private let engine: OperationEngine
    private let logger: Logger
    private var waiting: [ObjectID: HostAttachment] = [:]

    package init(store: Store, engine: OperationEngine, loop: EventLoop, logger: Logger) {
        self.store = store
        self.engine = engine
        self.loop = loop
        self.logger = logger
    }

    func add(_ attachment: HostAttachment) {
        waiting[attachment.hostID] = attachment
    }

    /// Tries every second until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            guard (try? await loop.sleep(for: Self.retryInterval)) != nil else { return }
            await storeAll()
        }
    }

    /// Tries each once, up to the first that fails.
    package func storeAll() async {
        for (hostID, attachment) in waiting {
            let isDetached: Bool
            do throws(StoreError) {
                isDetached = try await store.hosts.detach(attachment)
            } catch {
                logger.debug("detachment not stored", metadata: ["host": "\(hostID)", "error": "\(error)"])
                return
            }
            // A newer one may have been added while this one was written.
            if waiting[hostID] == attachment { waiting[hostID] = nil }
            if isDetached {
                logger.info("detachment stored late", metadata: ["host": "\(hostID)"])
                await engine.hostMoved(hostID)
            }
        }
    }
}
