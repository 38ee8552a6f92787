internal import CLinux
internal import Glibc

/// Calls of glibc that its Swift module leaves out, since their headers show them to GNU sources only.
enum LinuxCall {
    /// The child leads a session of its own.
    static let spawnInOwnSession: CShort = 0x80
    private static let keepSize: CInt = 1
    private static let punchHole: CInt = 2

    /// Gives a file's bytes below an offset back to the file system; false when that cannot be done.
    static func punchHole(_ descriptor: CInt, below offset: Int) -> Bool {
        stator_fallocate(descriptor, keepSize | punchHole, 0, offset) == 0
    }

    /// Lets the child begin in a folder, and with no descriptor but the first three; false when that cannot be said.
    static func prepare(_ actions: inout posix_spawn_file_actions_t, folder: String) -> Bool {
        stator_spawn_change_directory(&actions, folder) == 0 && stator_spawn_close_from(&actions, 3) == 0
    }
}
