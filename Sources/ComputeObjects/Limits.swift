/// The bounds of what users may ask for; the API refuses what lies outside before the conductor sees it.
package enum ComputeLimits {
    package static let nameLengthMax = 255
    package static let descriptionByteCountMax = 1024
    package static let userDataByteCountMax = 65_536
    package static let disabledReasonByteCountMax = 255

    package static let flavorVcpus: ClosedRange<UInt32> = 1...512
    package static let flavorMemoryMb: ClosedRange<UInt32> = 1...16_777_216
    package static let flavorRootGb: ClosedRange<UInt32> = 1...65_536

    package static let listLimit: ClosedRange<UInt32> = 1...1000
    package static let consoleByteCount: ClosedRange<UInt32> = 1...1_048_576
}
