public import StatorObjects

/// Host 1.0 said hypervisor and accelerator in one text, and the usage in fields of its own.
///
/// An accelerator that is unspecified and a usage without any number come back as unset, which mean the same.
extension Host {
    private static let first = ObjectVersion(1, 0)

    public static func lower(_ host: inout Host, to version: ObjectVersion) throws(ObjectError) {
        guard version == first else { return }
        if let usage = host.usage {
            host.vcpusUsed = usage.vcpus
            host.memoryMbUsed = usage.memoryMb
            host.localGbUsed = usage.localGb
            host.runningVms = usage.runningVms
            host.usage = nil
        }
        if host.hypervisor != nil || host.accelerator != nil {
            if host.accelerator == Accelerator.none, host.hypervisor?.contains("/") ?? true {
                // Its text would be read as another hypervisor with an accelerator, or as none at all.
                throw ObjectError(
                    .lostInLowering, object: schema.name, field: "accelerator",
                    message: "\(schema.name) cannot be sent to a receiver of version \(version): the accelerator none "
                        + "can be said with a hypervisor's name that has no slash only.")
            }
            host.hypervisorType = hypervisorType(host.hypervisor, host.accelerator)
            host.hypervisor = nil
            host.accelerator = nil
        }
    }

    public static func raise(_ host: inout Host, from version: ObjectVersion) throws(ObjectError) {
        guard version == first else { return }
        if host.vcpusUsed != nil || host.memoryMbUsed != nil || host.localGbUsed != nil || host.runningVms != nil {
            var usage = HostUsage()
            usage.vcpus = host.vcpusUsed
            usage.memoryMb = host.memoryMbUsed
            usage.localGb = host.localGbUsed
            usage.runningVms = host.runningVms
            host.usage = usage
            host.vcpusUsed = nil
            host.memoryMbUsed = nil
            host.localGbUsed = nil
            host.runningVms = nil
        }
        if let text = host.hypervisorType {
            (host.hypervisor, host.accelerator) = split(hypervisorType: text)
            host.hypervisorType = nil
        }
    }

    /// `QEMU/KVM` and `QEMU/TCG`; a hypervisor without an accelerator is named alone.
    public static func hypervisorType(_ hypervisor: String?, _ accelerator: Accelerator?) -> String? {
        let name = hypervisor ?? ""
        switch accelerator {
        case .kvm: return "\(name)/KVM"
        case .tcg: return "\(name)/TCG"
        case .some(.none): return hypervisor
        case .unspecified, nil: return hypervisor.map { "\($0)/" }
        }
    }

    /// The two that one text says; what follows the slash and is not known is an unspecified accelerator.
    public static func split(hypervisorType text: String) -> (hypervisor: String?, accelerator: Accelerator?) {
        guard let slash = text.lastIndex(of: "/") else { return (text, Accelerator.none) }
        let name = String(text[..<slash])
        let hypervisor = name.isEmpty ? nil : name
        switch text[text.index(after: slash)...] {
        case "KVM": return (hypervisor, .kvm)
        case "TCG": return (hypervisor, .tcg)
        case "": return (hypervisor, nil)
        default: return (hypervisor, .unspecified)
        }
    }
}
