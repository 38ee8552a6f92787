internal import CLinux
internal import Glibc

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

/// Starts a thread; the caller joins or detaches it. The system keeps the first 15 bytes of the name.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(ReactorError) -> pthread_t {
    var thread = pthread_t()
    // The new thread takes the reference over; where none starts it is released here.
    let context = unsafe Unmanaged.passRetained(ThreadBody(body))
    let code = unsafe pthread_create(
        &thread, nil,
        { context in
            if let context = unsafe context {
                unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            }
            return nil
        }, context.toOpaque())
    guard code == 0 else {
        unsafe context.release()
        throw ReactorError(operation: "start the thread \(name)", errno: code)
    }
    _ = unsafe stator_pthread_setname_np(thread, String(decoding: name.utf8.prefix(15), as: UTF8.self))
    return thread
}
