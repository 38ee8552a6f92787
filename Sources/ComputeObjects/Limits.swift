/// The bounds of what users may ask for; the API refuses what lies outside before the conductor sees it.
package enum ComputeLimits {
    package static let nameLengthMax = 255
    package static let descriptionByteCountMax = 1024
    package static let userDataByteCountMax = 65_536
    package static let disabledReasonByteCountMax = 255

    package static let flavorVcpus: ClosedRange<UInt32> = 1...512
    package static let flavorMemoryMb: ClosedRange<UInt32> = 1...16_777_216
    package static let flavorRootGb: ClosedRange<UInt32> = 1...65_536

    package static let tagCountMax = 50
    package static let cpuModelLengthMax = 64

    /// Whether a text can be the name of a processor model of QEMU: letters, digits, and . _ - between them. Anything
    /// else could say more in QEMU's option syntax than a name.
    package static func isCPUModel(_ text: String) -> Bool {
        (1...cpuModelLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    package static let listLimit: ClosedRange<UInt32> = 1...1000
    package static let consoleByteCount: ClosedRange<UInt32> = 1...1_048_576
}
