internal import Glibc

/// Files that are whole after a crash at any moment: written beside, synced, renamed, and the folder synced.
package enum DurableFile {
    /// What the agent keeps in one file is far smaller; a bigger file is not ours.
    package static let lengthMax = 64 << 20
    /// Names of half-written files end so; they mean nothing and may be removed.
    package static let temporarySuffix = ".new"

    package static func replace(_ path: String, with bytes: [UInt8]) throws(AgentError) {
        let temporary = path + temporarySuffix
        do throws(AgentError) {
            let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(bytes)
            try file.sync()
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else { throw AgentError.system("replace", path) }
        try syncFolder(of: path)
    }

    /// The whole file; nil when there is none.
    package static func read(_ path: String) throws(AgentError) -> [UInt8]? {
        let file: FileDescriptor
        do throws(AgentError) {
            file = try FileDescriptor.open(path, O_RDONLY)
        } catch {
            if access(path, F_OK) != 0, errno == ENOENT { return nil }
            throw error
        }
        let length = try file.status().st_size
        guard length <= lengthMax else {
            throw AgentError(.corrupt, "\(path) is \(length) bytes long; no file of the agent is")
        }
        return try file.read(at: 0, length: length)
    }

    /// Removes a file; that there is none is no error.
    package static func remove(_ path: String) throws(AgentError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw AgentError.system("remove", path) }
        try syncFolder(of: path)
    }

    /// Makes a folder and those above it that are missing.
    package static func makeFolder(_ path: String) throws(AgentError) {
        if mkdir(path, 0o700) == 0 { return try syncFolder(of: path) }
        switch errno {
        case EEXIST:
            return
        case ENOENT:
            try makeFolder(parent(of: path))
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw AgentError.system("make the folder", path) }
            try syncFolder(of: path)
        default:
            throw AgentError.system("make the folder", path)
        }
    }

    /// The names in a folder, in order; none when there is no folder.
    package static func names(in path: String) throws(AgentError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw AgentError.system("list", path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder with everything in it; that there is none is no error. Links are not followed.
    package static func removeTree(_ path: String) throws(AgentError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw AgentError.system("examine", path)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try names(in: path) { try removeTree("\(path)/\(name)") }
            guard rmdir(path) == 0 || errno == ENOENT else { throw AgentError.system("remove", path) }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw AgentError.system("remove", path) }
        }
    }

    /// Makes renames and removals in the folder of a path durable.
    package static func syncFolder(of path: String) throws(AgentError) {
        try FileDescriptor.open(parent(of: path), O_RDONLY | O_DIRECTORY).sync()
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
