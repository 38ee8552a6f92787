internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC

struct FlavorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flavor", abstract: "Sizes of servers.", subcommands: [FlavorList.self, FlavorCreate.self])
}

struct FlavorList: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List flavors.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: APIClient) async throws {
        let answer = try await client.read { api, options throws(RPCError) in
            try await api.listFlavors(ListFlavorsRequest(), options: options)
        }
        output.print(answer, list: "flavors", table: Listing.flavors(answer.flavors))
    }
}

struct FlavorCreate: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a flavor; for operators.")

    @Argument(help: "Its name: 1 to 255 characters.") var name: String
    @Option(help: ArgumentHelp("Virtual processors, 1 to 512.", valueName: "n")) var vcpus: UInt32
    @Option(help: ArgumentHelp("Memory in MiB.", valueName: "n")) var memoryMb: UInt32
    @Option(help: ArgumentHelp("Root disk in GiB.", valueName: "n")) var rootGb: UInt32
    @Option(help: "Text for people.") var description: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    var isForOperators: Bool { true }

    func execute(_ client: APIClient) async throws {
        try checkName(name, field: "the flavor's name")
        var flavor = Flavor()
        flavor.name = name
        flavor.vcpus = vcpus
        flavor.memoryMb = memoryMb
        flavor.rootGb = rootGb
        flavor.description = description
        var request = CreateFlavorRequest()
        request.flavor = flavor
        let answer = try await client.mutate { [request] api, options throws(RPCError) in
            try await api.createFlavor(request, options: options)
        }
        output.print(answer, table: Details.flavor(answer.flavor ?? Flavor()))
    }
}

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "What servers start from.", subcommands: [ImageList.self])
}

struct ImageList: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the images that hosts have.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: APIClient) async throws {
        let answer = try await client.read { api, options throws(RPCError) in
            try await api.listImages(ListImagesRequest(), options: options)
        }
        output.print(answer, list: "images", table: Listing.images(answer.images))
    }
}
