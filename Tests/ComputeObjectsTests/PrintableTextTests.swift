import ComputeObjects
import Testing

@Suite struct PrintableTextTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("two\nlines\r\n", "two lines"),
        ("  a \t b  ", "a b"),
        ("\u{1B}[31mred\u{7}", "?[31mred?"),
        ("a\u{0}b", "a?b"),
        ("right\u{202E}left", "right?left"),
        ("", ""),
    ])
    func `text becomes one line that a terminal only shows`(text: String, line: String) {
        #expect(text.singleLine == line)
    }

    @Test func `a prefix never cuts a character`() {
        #expect("añb".prefix(byteCountMax: 4) == "añb")
        #expect("añb".prefix(byteCountMax: 3) == "añ")
        #expect("añb".prefix(byteCountMax: 2) == "a")
        #expect("añb".prefix(byteCountMax: 0).isEmpty)
    }
}
