import Foundation
import Logging
import StatorRPC
import StatorReactor
import StatorTLS
import TallyMessages

// tally-server ADDRESS CERTIFICATE KEY AUTHORITIES: serves until it is killed.
let arguments = CommandLine.arguments
guard arguments.count == 5 else { throw RPCError(.invalidArgument, "four arguments are needed") }

let loop = try EventLoop(label: "tally")
try loop.start()
var router = CallRouter()
router.register(tally: Ledger())
let server = try Server(
    configuration: ServerConfiguration(
        address: SocketAddress(parsing: arguments[1]),
        tls: TLSConfiguration(
            certificateChainPath: arguments[2], privateKeyPath: arguments[3], trustRootsPath: arguments[4]),
        local: LocalEndpoint(manifest: TallyManifest.current, release: "1.0", serviceVersion: 1)),
    router: router, loop: loop, logger: Logger(label: "tally") { StreamLogHandler.standardError(label: $0) })
print("listening at \(try await server.start())")
fflush(nil)
try await server.run()
