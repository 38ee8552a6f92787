package import ComputeMessages
package import StatorObjects

/// Brings guests into being and ends them. Calls for one guest come one after the other.
package protocol GuestLifecycle: Sendable {
    /// Builds the guest and starts it. What a failed or cancelled build leaves behind `destroy` removes.
    func create(_ guest: GuestSpecification) async throws(DriverError)

    /// Ends the guest, if it runs, and removes everything of it; that there is none is no error.
    func destroy(_ id: ObjectID) async throws(DriverError)

    /// The guests that have left traces on this host, running or not.
    func guests() async throws(DriverError) -> [ObjectID]
}

/// Turns guests on and off.
package protocol PowerControl: Sendable {
    /// Starts a guest that was built before; that it runs is no error.
    func start(_ guest: GuestSpecification) async throws(DriverError)

    /// Asks the guest to power off, and turns it off when it has not within `grace`; that it is off is no error.
    func stop(_ id: ObjectID, grace: Duration) async throws(DriverError)

    /// Asks the guest to power off, and starts it again when it has. One that has not within `grace` is reset.
    func reboot(_ guest: GuestSpecification, grace: Duration) async throws(DriverError)

    /// Resets the guest like its reset button, or starts it when it is off.
    func reset(_ guest: GuestSpecification) async throws(DriverError)

    /// Stops the guest's processors and keeps its memory; that they are stopped is no error.
    func pause(_ id: ObjectID) async throws(DriverError)

    /// Lets the processors of a paused guest go on; that they run is no error.
    func unpause(_ id: ObjectID) async throws(DriverError)

    /// What the hypervisor says of the guest: `pending` while it is not certain to start, nil when there is none.
    func powerState(of id: ObjectID) async throws(DriverError) -> PowerState?

    /// Which of the guests run, by a look that costs little; for watching many of them every second.
    func running(among ids: [ObjectID]) async -> Set<ObjectID>
}

/// Shows what a guest wrote to its serial port.
package protocol ConsoleAccess: Sendable {
    /// The newest `lengthMax` bytes of what is kept.
    func consoleOutput(of id: ObjectID, lengthMax: Int) async throws(DriverError) -> [UInt8]

    /// Keeps what is stored of the guests' output bounded; called every second.
    func trimConsoles(of ids: [ObjectID]) async
}

/// Says what runs the guests.
package protocol HypervisorDescription: Sendable {
    /// "QEMU" or "fake".
    var hypervisor: String { get }
    /// How it runs guests' code.
    var guestAccelerator: Accelerator { get }
    var hypervisorVersion: String { get }
}

/// What the agent needs of a hypervisor; later capabilities are protocols of their own.
package typealias Driver = GuestLifecycle & PowerControl & ConsoleAccess & HypervisorDescription
