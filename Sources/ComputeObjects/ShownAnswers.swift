package import ComputeMessages
package import StatorObjects
package import StatorRPC

// What people are shown of instances. A host that cannot be told a CPU model must not start the guest, so that the field
// is refused rather than dropped; but whoever only looks is to see the rest, and the other servers of the list.

extension Instance {
    /// Without what the reader's release has no field for and would have to be refused.
    package func readable(with manifest: Manifest) -> Instance {
        guard cpuModel != nil || userData != nil else { return self }
        var shown = self
        var isReadable = false
        while !isReadable {
            do throws(ObjectError) {
                try shown.canLower(to: manifest)
                isReadable = true
            } catch {
                switch error.field {
                case "cpu_model" where shown.cpuModel != nil: shown.cpuModel = nil
                case "user_data" where shown.userData != nil: shown.userData = nil
                // Whatever else it is: the sending says so.
                default: isReadable = true
                }
            }
        }
        return shown
    }
}

extension ListServersResponse {
    /// The answer as the caller's release can read it.
    package func shown(to context: CallContext) -> Self {
        let manifest = context.connection.peer.manifest
        guard instances.contains(where: { $0.cpuModel != nil }) else { return self }
        var shown = self
        shown.instances = instances.map { $0.readable(with: manifest) }
        return shown
    }
}

extension ServerResponse {
    /// The answer as the caller's release can read it.
    package func shown(to context: CallContext) -> Self {
        var shown = self
        shown.instance = instance?.readable(with: context.connection.peer.manifest)
        return shown
    }
}

extension ServerOperationResponse {
    /// The answer as the caller's release can read it.
    package func shown(to context: CallContext) -> Self {
        var shown = self
        shown.instance = instance?.readable(with: context.connection.peer.manifest)
        return shown
    }
}
