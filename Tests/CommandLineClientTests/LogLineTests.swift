import CommandOptions
import Testing

@Suite struct LogLineTests {
    @Test(arguments: [
        ("plain", "plain"), ("two\nlines", #"two\nlines"#), ("\u{1B}[2J", #"\u{1B}[2J"#),
        ("\u{202E}turned\u{2066}", #"\u{202E}turned\u{2066}"#), ("日🦉", "日🦉"),
    ])
    func `nothing in a log line ends it or steers a terminal`(text: String, line: String) {
        #expect(oneLine(text) == line)
    }
}
