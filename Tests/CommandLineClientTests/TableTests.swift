import CommandLineClient
import Testing

@Suite struct TableTests {
    @Test func `columns are as wide as their widest cell and lines end without spaces`() {
        var table = Table([Table.Column("ID"), Table.Column("NAME"), Table.Column("VCPUS", .right)])
        table.append(["1", "web", "2"])
        table.append(["22", nil, "16"])
        table.append(["3", "a longer name", nil])
        #expect(
            table.text == """
                ID  NAME           VCPUS
                1   web                2
                22  -                 16
                3   a longer name      -

                """)
    }

    @Test func `an empty table is its head`() {
        #expect(Table([Table.Column("ID"), Table.Column("NAME")]).text == "ID  NAME\n")
    }

    @Test func `wide and combining characters are counted as a terminal shows them`() {
        var table = Table([Table.Column("NAME"), Table.Column("X")])
        table.append(["日本", "1"])
        table.append(["e\u{301}", "2"])
        #expect(table.text == "NAME  X\n日本  1\ne\u{301}     2\n")
    }

    @Test func `a value cannot break the line or steer the terminal`() {
        var table = Table([Table.Column("NAME"), Table.Column("FAULT")])
        table.append(["a\u{1B}[2Jb", "one\ntwo\u{7}"])
        #expect(table.text == "NAME    FAULT\na?[2Jb  one two?\n")
        #expect(!table.text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test func `an empty value is shown as absent`() {
        var list = FieldList()
        list.append("name", "web")
        list.append("display_description", "")
        #expect(list.text == "FIELD                VALUE\nname                 web\ndisplay_description  -\n")
    }
}
