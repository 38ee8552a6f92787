extension Timestamp {
    /// Reads ISO 8601 in UTC as `description` writes it, with one to six decimals or none: `2026-01-31T08:15:00.5Z`.
    public init?(_ text: some StringProtocol) {
        var reader = TimeReader(bytes: Array(text.utf8.prefix(64)))
        let isBeforeChrist = reader.take("-")
        guard let year = reader.number(digits: 4...6), reader.take("-"), let month = reader.number(digits: 2...2),
            reader.take("-"), let day = reader.number(digits: 2...2), reader.take("T"),
            let hour = reader.number(digits: 2...2), reader.take(":"), let minute = reader.number(digits: 2...2),
            reader.take(":"), let second = reader.number(digits: 2...2),
            let fraction = reader.take(".") ? reader.microseconds() : 0, reader.take("Z"), reader.isAtEnd,
            hour < 24, minute < 60, second < 60, !isBeforeChrist || year > 0
        else { return nil }
        guard let days = Self.daysSinceEpoch(year: isBeforeChrist ? -year : year, month: month, day: day) else {
            return nil
        }
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
        let (scaled, isOutside) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isPast) = scaled.addingReportingOverflow(fraction)
        if !isOutside, !isPast {
            self.init(microsecondsSinceEpoch: sum)
        } else if seconds < 0 {
            // The product can lie just outside where the sum does not.
            let (later, isOutside) = (seconds + 1).multipliedReportingOverflow(by: 1_000_000)
            let (sum, isPast) = later.addingReportingOverflow(fraction - 1_000_000)
            guard !isOutside, !isPast else { return nil }
            self.init(microsecondsSinceEpoch: sum)
        } else {
            return nil
        }
    }

    /// In the proleptic Gregorian calendar, counting in eras of 400 years that begin on a 1 March; nil for a day that
    /// the month has not.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1...12).contains(month) else { return nil }
        let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[Int(month) - 1]).contains(day) else { return nil }
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = (yearFromMarch >= 0 ? yearFromMarch : yearFromMarch - 399) / 400
        let yearOfEra = yearFromMarch - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

private struct TimeReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func number(digits: ClosedRange<Int>) -> Int64? {
        let start = position
        var number: Int64 = 0
        while position < bytes.count, position - start < digits.upperBound, let digit = Self.digit(bytes[position]) {
            number = number * 10 + digit
            position += 1
        }
        return position - start >= digits.lowerBound ? number : nil
    }

    /// One to six decimals, as so many microseconds.
    mutating func microseconds() -> Int64? {
        let start = position
        guard var number = number(digits: 1...6) else { return nil }
        for _ in position - start..<6 { number *= 10 }
        return number
    }

    private static func digit(_ character: UInt8) -> Int64? {
        guard character >= UInt8(ascii: "0"), character <= UInt8(ascii: "9") else { return nil }
        return Int64(character - UInt8(ascii: "0"))
    }
}
