internal import Foundation

/// A program that the generator runs: it is handed input and its output is read.
struct Tool {
    let program: String
    /// What was asked for, as problems name it.
    let purpose: String
    /// How to get the program.
    let fix: String

    /// Hands the input to the program and gives what it writes; its errors go where ours go.
    func run(_ arguments: [String] = [], input: Data = Data()) throws -> Data {
        let process = Process()
        // By way of env, which looks the program up in PATH.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let (source, sink) = (Pipe(), Pipe())
        process.standardInput = source
        process.standardOutput = sink
        do {
            try process.run()
        } catch {
            throw problem("\(program) cannot be run: \(error).", fix: fix)
        }
        // A plugin reads all its input before it writes, so one after the other cannot block.
        try source.fileHandleForWriting.write(contentsOf: input)
        try source.fileHandleForWriting.close()
        let output = try sink.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw problem(
                "\(program) ended with status \(process.terminationStatus).",
                fix: "\(fix.dropLast()) and see what it wrote above.")
        }
        return output
    }

    func problem(_ sentence: String, fix: String) -> Problems {
        Problems([Problem(file: purpose, line: nil, sentence: sentence, fix: fix)])
    }
}
