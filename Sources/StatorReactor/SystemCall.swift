internal import Glibc

/// Makes a system call, again while signals interrupt it; nil when it would block.
@inline(__always)
func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ operation: @autoclosure () -> String, _ body: () -> Result
) throws(ReactorError) -> Result? {
    repeat {
        let result = body()
        if result >= 0 {
            return result
        }
        let code = errno
        if code == EAGAIN || code == EWOULDBLOCK {
            return nil
        }
        if code != EINTR {
            throw ReactorError(operation: operation(), errno: code)
        }
    } while true
}

/// Makes a system call that cannot block: "would block" is an error like any other.
@inline(__always)
@discardableResult
func promptSystemCall<Result: FixedWidthInteger & SignedInteger>(
    _ operation: @autoclosure () -> String, _ body: () -> Result
) throws(ReactorError) -> Result {
    if let result = try systemCall(operation(), body) {
        return result
    }
    throw ReactorError(operation: operation(), errno: EAGAIN)
}

/// Owns a descriptor of the process; closes it at the end of its life.
struct OwnedDescriptor: ~Copyable, Sendable {
    let number: CInt

    init(_ number: CInt) {
        self.number = number
    }

    /// Gives the descriptor away without closing it.
    consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }

    deinit {
        // Never repeated: after EINTR the number is free, and may be another thread's by now.
        _ = close(number)
    }
}
