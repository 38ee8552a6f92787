internal import CommandLineClient
internal import Glibc

@main
enum Main {
    static func main() async {
        let status = await runStator(Array(CommandLine.arguments.dropFirst()))
        exit(status.rawValue)
    }
}
