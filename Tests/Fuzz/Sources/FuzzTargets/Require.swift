/// Stops the run when a promise is broken; the fuzzer keeps the input and prints the stack.
@inline(__always)
func require(_ isTrue: Bool, _ promise: @autoclosure () -> String, line: UInt = #line) {
    if !isTrue { fail(promise(), line: line) }
}

func fail(_ sentence: String, line: UInt = #line) -> Never {
    fatalError("broken promise in line \(line): \(sentence)")
}
