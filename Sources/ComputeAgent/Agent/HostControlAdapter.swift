internal import ComputeMessages
internal import StatorObjects
internal import StatorRPC
internal import StatorWire

/// What the conductor calls on this host.
struct HostControlAdapter: HostControlService {
    private static let consoleLengthMax: UInt32 = 1 << 20
    private static let consolePartLength = 16 << 10

    let operations: InstanceOperations
    let driver: any Driver

    func execute(_ request: ExecuteRequest, context: CallContext) async throws -> ExecuteResponse {
        guard let directive = request.directive else {
            throw RPCError(.invalidArgument, "the request holds no directive")
        }
        var response = ExecuteResponse()
        response.accepted = try await operations.execute(directive)
        return response
    }

    func getConsoleOutput(
        _ request: GetGuestConsoleRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
    ) async throws {
        guard let id = request.instanceUuid else { throw RPCError(.invalidArgument, "the request names no instance") }
        guard await operations.hasInstance(id) else { throw RPCError(.notFound, "this host has no such instance") }
        let lengthMax = min(request.lengthMax ?? Self.consoleLengthMax, Self.consoleLengthMax)
        var rest: ArraySlice<UInt8>
        do throws(DriverError) {
            rest = try await driver.consoleOutput(of: id, lengthMax: Int(lengthMax))[...]
        } catch {
            throw RPCError(error.code, error.message)
        }
        while !rest.isEmpty {
            var output = ConsoleOutput()
            output.data = Array(rest.prefix(Self.consolePartLength))
            rest = rest.dropFirst(Self.consolePartLength)
            try await responses.write(output)
        }
    }
}
