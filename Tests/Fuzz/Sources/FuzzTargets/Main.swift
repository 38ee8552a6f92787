import CLibFuzzer
import Glibc

/// One run of a target: takes the fuzzer's bytes, and traps when a promise is broken.
typealias FuzzTarget = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// The targets by the names that `fuzz.sh` and the corpora's folders use.
private func target(named name: String) -> FuzzTarget? {
    switch name {
    case "connection": { runConnection(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "frames": { runFrames(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "hello": { runHello(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "messages": { runMessages(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "manifest": { runManifest(UnsafeRawBufferPointer(start: $0, count: $1)) }
    default: nil
    }
}

/// The program's entry: the package manager's name for it, and libFuzzer's driver behind it.
///
/// The environment names the target, since libFuzzer starts the program again with arguments of its own.
@_cdecl("FuzzTargets_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    guard let name = getenv("STATOR_FUZZ_TARGET"), let target = target(named: String(cString: name)) else {
        print("STATOR_FUZZ_TARGET names no target")
        return 2
    }
    var count = count
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments
    return LLVMFuzzerRunDriver(&count, &arguments, target)
}
