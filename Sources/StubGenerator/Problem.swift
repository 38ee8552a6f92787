/// Something in a .proto file that cannot be generated: where it is, what is wrong, and what to do.
package struct Problem: Error, Hashable {
    package let file: String
    /// Counted from 1; nil when protoc gave no source information.
    package let line: Int?
    package let sentence: String
    package let fix: String

    package init(file: String, line: Int?, sentence: String, fix: String) {
        self.file = file
        self.line = line
        self.sentence = sentence
        self.fix = fix
    }
}

extension Problem: CustomStringConvertible {
    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return "\(place): \(sentence) Fix: \(fix)"
    }
}

/// All problems of one run, one per line.
package struct Problems: Error, CustomStringConvertible {
    package let list: [Problem]

    package init(_ list: [Problem]) {
        self.list = list
    }

    package var description: String {
        list.map(\.description).joined(separator: "\n")
    }
}
