import CommandLineClient
import Testing

@Suite struct ConsoleSanitizerTests {
    static let cases: [(String, String)] = [
        ("Linux version 6.1\r\n", "Linux version 6.1\n"),
        ("\u{1B}[32mok\u{1B}[0m\n", "ok\n"),
        ("\u{1B}[2J\u{1B}[1;1Hlogin: ", "login: "),
        ("\u{1B}]0;title\u{7}text", "text"),
        ("\u{1B}]0;title\u{1B}\\text", "text"),
        ("\u{1B}Pq#0\u{1B}\\text", "text"),
        ("\u{1B}(Btext", "text"),
        ("\u{1B}ctext", "text"),
        ("\u{9B}31mred", "red"),
        ("bell\u{7} back\u{8}", "bell back"),
        ("tab\tstays", "tab\tstays"),
        ("nul\u{0}", "nul"),
        ("Grüße 日本\n", "Grüße 日本\n"),
        ("\u{1B}]0;never ended\nnext line\n", "\nnext line\n"),
        ("\u{1B}[31\nnext line\n", "\nnext line\n"),
        ("\u{1B}]x\u{1B}[31mred", "red"),
        ("\u{202E}reversed", "reversed"),
    ]

    @Test(arguments: cases)
    func `escape sequences and control characters are left out`(input: String, shown: String) {
        var sanitizer = ConsoleSanitizer()
        #expect(sanitizer.sanitize(Array(input.utf8)) + sanitizer.finish() == shown)
    }

    @Test(arguments: cases)
    func `bytes may be cut anywhere`(input: String, shown: String) {
        var sanitizer = ConsoleSanitizer()
        var result = ""
        for byte in input.utf8 { result += sanitizer.sanitize([byte]) }
        #expect(result + sanitizer.finish() == shown)
    }

    @Test func `bytes that are no UTF-8 are shown as replacement characters`() {
        var sanitizer = ConsoleSanitizer()
        #expect(sanitizer.sanitize([0x61, 0xFF, 0x62, 0xC3]) == "a\u{FFFD}b")
        #expect(sanitizer.finish() == "\u{FFFD}")
    }

    @Test func `it knows whether a line was ended`() {
        var sanitizer = ConsoleSanitizer()
        #expect(sanitizer.isAtLineStart)
        _ = sanitizer.sanitize(Array("login:".utf8))
        #expect(!sanitizer.isAtLineStart)
        _ = sanitizer.sanitize(Array("\r\n".utf8))
        #expect(sanitizer.isAtLineStart)
    }
}
