package import ComputeMessages
internal import StatorObjects

/// One object of a kind as a list of its fields; the names are the contract's.
package enum Details {
    package static func server(_ instance: Instance) -> String {
        var fields = FieldList()
        fields.append("uuid", instance.uuid?.description)
        fields.append("display_name", instance.displayName)
        fields.append("display_description", instance.displayDescription)
        fields.append("tags", instance.tags.joined(separator: ", "))
        fields.append("user_id", instance.userId)
        fields.append("vm_state", instance.vmState?.description)
        fields.append("task_state", instance.taskState.flatMap(Listing.text))
        fields.append("power_state", instance.powerState?.description)
        fields.append("host", instance.host)
        fields.append("flavor", instance.flavor?.name)
        fields.append("image", instance.image?.name)
        fields.append("vcpus", instance.vcpus?.description)
        fields.append("memory_mb", instance.memoryMb?.description)
        fields.append("root_gb", instance.rootGb?.description)
        fields.append("cpu_model", instance.cpuModel)
        for interface in instance.networkInterfaces {
            fields.append("network_interface", joined([interface.macAddress, interface.model, interface.ipAddress]))
        }
        for device in instance.blockDevices {
            fields.append(
                "block_device", joined([device.deviceName, device.sizeGb.map { "\($0) GB" }]))
        }
        fields.append("created_at", Listing.text(instance.createdAt))
        fields.append("updated_at", Listing.text(instance.updatedAt))
        fields.append("launched_at", Listing.text(instance.launchedAt))
        fields.append("terminated_at", Listing.text(instance.terminatedAt))
        append(instance.fault, to: &fields)
        return fields.text
    }

    package static func host(_ host: Host) -> String {
        var fields = FieldList()
        fields.append("uuid", host.uuid?.description)
        fields.append("name", host.name)
        fields.append("state", Listing.text(up: host.up))
        fields.append("enabled", Listing.text(enabled: host.disabled))
        fields.append("disabled_reason", host.disabledReason)
        fields.append("vcpus", Listing.usage(host.usage?.vcpus, of: host.vcpus))
        fields.append("memory_mb", Listing.usage(host.usage?.memoryMb, of: host.memoryMb))
        fields.append("local_gb", Listing.usage(host.usage?.localGb, of: host.localGb))
        fields.append("running_vms", host.usage?.runningVms?.description)
        fields.append("hypervisor", host.hypervisor)
        fields.append("accelerator", host.accelerator?.description)
        fields.append("hypervisor_version", host.hypervisorVersion)
        fields.append("images", host.images.compactMap(\.name).joined(separator: ", "))
        fields.append("conductor", host.conductor)
        fields.append("release", host.release)
        fields.append("service_version", host.serviceVersion?.description)
        fields.append("created_at", Listing.text(host.createdAt))
        fields.append("last_seen_up", Listing.text(host.lastSeenUp))
        return fields.text
    }

    package static func flavor(_ flavor: Flavor) -> String {
        var fields = FieldList()
        fields.append("uuid", flavor.uuid?.description)
        fields.append("name", flavor.name)
        fields.append("vcpus", flavor.vcpus?.description)
        fields.append("memory_mb", flavor.memoryMb?.description)
        fields.append("root_gb", flavor.rootGb?.description)
        fields.append("description", flavor.description)
        fields.append("created_at", Listing.text(flavor.createdAt))
        return fields.text
    }

    package static func operation(_ operation: Operation) -> String {
        var fields = FieldList()
        fields.append("uuid", operation.uuid?.description)
        fields.append("kind", operation.kind?.description)
        fields.append("state", operation.state?.description)
        fields.append("step", operation.step?.description)
        fields.append("instance_uuid", operation.instanceUuid?.description)
        fields.append("instance_name", operation.instanceName)
        fields.append("user_id", operation.userId)
        fields.append("attempt", operation.attempt?.description)
        fields.append("conductor", operation.conductor)
        fields.append("created_at", Listing.text(operation.createdAt))
        fields.append("deadline", Listing.text(operation.deadline))
        fields.append("finished_at", Listing.text(operation.finishedAt))
        append(operation.fault, to: &fields)
        return fields.text
    }

    private static func append(_ fault: Fault?, to fields: inout FieldList) {
        guard let fault else { return }
        fields.append("fault", fault.message)
        if let details = fault.details { fields.append("fault_details", details) }
    }

    private static func joined(_ parts: [String?]) -> String {
        parts.compactMap(\.self).joined(separator: " ")
    }
}
