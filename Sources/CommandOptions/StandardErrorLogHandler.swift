internal import Glibc
package import Logging

/// Writes each event as one line and with one system call, so that the lines of several processes that
/// share a standard error do not mix.
///
/// `2026-11-22T12:54:00.123Z info stator-api: ready address=127.0.0.1:7700`
package struct StandardErrorLogHandler: LogHandler {
    package let label: String
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    package init(label: String) {
        self.label = label
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() {
            all.merge(provided) { _, new in new }
        }
        if let given = event.metadata {
            all.merge(given) { _, new in new }
        }
        if let error = event.error {
            all["error"] = "\(error)"
        }
        var line = currentTimeText()
        line += " \(event.level) \(label): "
        line += oneLine(event.message.description)
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(quotedWhenNeeded(value.description))"
        }
        line += "\n"
        writeToStandardError(line)
    }
}

/// Replaces what would end the line or steer a terminal by its escaped form.
package func oneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if isControl(scalar) {
            result += scalar.escaped(asASCII: true)
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    // What turns the direction of text.
    default: return (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}

/// A value with spaces, quotes or nothing in it is put in quotes, so that a line can be taken apart again.
private func quotedWhenNeeded(_ text: String) -> String {
    let line = oneLine(text)
    guard line.isEmpty || line.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return line }
    var result = "\""
    for character in line {
        if character == "\"" || character == "\\" { result.append("\\") }
        result.append(character)
    }
    return result + "\""
}

/// ISO 8601, UTC, with milliseconds.
private func currentTimeText() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var seconds = now.tv_sec
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let (year, month, day) = (Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
    let date = "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    let time = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    return "\(date)T\(time).\(digits(now.tv_nsec / 1_000_000, 3))Z"
}

/// Writes all of it, or gives up when nobody can take it: a log must not stop what it reports on.
private func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = write(STDERR_FILENO, start, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }
}
