package import ComputeMessages
internal import StatorObjects

/// One object or list of a kind as tables; pure functions from messages to text.
package enum Listing {
    package static func servers(_ instances: [Instance], showsOwner: Bool) -> String {
        var columns = ["ID", "NAME", "STATE", "TASK", "POWER", "HOST", "FLAVOR", "IMAGE"].map { Table.Column($0) }
        if showsOwner { columns.append(Table.Column("OWNER")) }
        var table = Table(columns)
        for instance in instances {
            var cells = [
                instance.uuid?.description, instance.displayName, instance.vmState?.description,
                instance.taskState.flatMap(text), instance.powerState?.description, instance.host,
                instance.flavor?.name, instance.image?.name,
            ]
            if showsOwner { cells.append(instance.userId) }
            table.append(cells)
        }
        return table.text
    }

    package static func hosts(_ hosts: [Host]) -> String {
        var table = Table([
            Table.Column("ID"), Table.Column("NAME"), Table.Column("STATE"), Table.Column("ENABLED"),
            Table.Column("VCPUS", .right), Table.Column("MEMORY_MB", .right), Table.Column("LOCAL_GB", .right),
            Table.Column("VMS", .right), Table.Column("HYPERVISOR"), Table.Column("CONDUCTOR"),
        ])
        for host in hosts {
            table.append([
                host.uuid?.description, host.name, text(up: host.up), text(enabled: host.disabled),
                usage(host.usage?.vcpus, of: host.vcpus), usage(host.usage?.memoryMb, of: host.memoryMb),
                usage(host.usage?.localGb, of: host.localGb), host.usage?.runningVms?.description,
                Host.hypervisorType(host.hypervisor, host.accelerator), host.conductor,
            ])
        }
        return table.text
    }

    package static func flavors(_ flavors: [Flavor]) -> String {
        var table = Table([
            Table.Column("ID"), Table.Column("NAME"), Table.Column("VCPUS", .right),
            Table.Column("MEMORY_MB", .right), Table.Column("ROOT_GB", .right), Table.Column("DESCRIPTION"),
        ])
        for flavor in flavors {
            table.append([
                flavor.uuid?.description, flavor.name, flavor.vcpus?.description, flavor.memoryMb?.description,
                flavor.rootGb?.description, flavor.description,
            ])
        }
        return table.text
    }

    package static func images(_ images: [Image]) -> String {
        var table = Table([
            Table.Column("ID"), Table.Column("NAME"), Table.Column("BOOT"), Table.Column("MIN_MEMORY_MB", .right),
            Table.Column("MIN_ROOT_GB", .right), Table.Column("SIZE_BYTES", .right), Table.Column("CHECKSUM"),
        ])
        for image in images {
            table.append([
                image.uuid?.description, image.name, image.bootMethod?.description, image.minMemoryMb?.description,
                image.minRootGb?.description, image.sizeBytes?.description,
                image.checksum.map { String(hexadecimal($0).prefix(12)) },
            ])
        }
        return table.text
    }

    package static func operations(_ operations: [Operation]) -> String {
        let titles = ["ID", "KIND", "STATE", "STEP", "SERVER", "CREATED", "FINISHED", "FAULT"]
        var table = Table(titles.map { Table.Column($0) })
        for operation in operations {
            table.append([
                operation.uuid?.description, operation.kind?.description, operation.state?.description,
                operation.step?.description, operation.instanceName ?? operation.instanceUuid?.description,
                text(operation.createdAt), text(operation.finishedAt), operation.fault?.message,
            ])
        }
        return table.text
    }

    // MARK: values

    /// NONE is what idle looks like, so it is shown as absent.
    static func text(_ taskState: TaskState) -> String? {
        taskState == TaskState.none ? nil : taskState.description
    }

    /// To the second; JSON has the rest.
    static func text(_ time: Timestamp?) -> String? {
        guard let time else { return nil }
        let microseconds = time.microsecondsSinceEpoch
        let (second, isBeforeAllTimes) = microseconds.subtractingReportingOverflow(
            (microseconds % 1_000_000 + 1_000_000) % 1_000_000)
        return (isBeforeAllTimes ? time : Timestamp(microsecondsSinceEpoch: second)).description
    }

    static func text(up: Bool?) -> String? {
        up.map { $0 ? "up" : "down" }
    }

    static func text(enabled disabled: Bool?) -> String {
        disabled == true ? "no" : "yes"
    }

    static func usage(_ used: UInt32?, of total: UInt32?) -> String? {
        guard let total else { return nil }
        return "\(used ?? 0)/\(total)"
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
