// For clock_gettime only: the standard library has no wall clock.
internal import Glibc

/// A moment in UTC, in whole microseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Sendable {
    public var microsecondsSinceEpoch: Int64

    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    /// What the system's wall clock says.
    public static func now() -> Timestamp {
        var time = timespec()
        // CLOCK_REALTIME with a valid pointer cannot fail.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// This moment moved by a duration; stops at the ends of the range.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let limit = seconds < 0 ? Int64.min : Int64.max
        guard !overflow else { return Timestamp(microsecondsSinceEpoch: limit) }
        let (offset, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        guard !carried else { return Timestamp(microsecondsSinceEpoch: limit) }
        let (sum, past) = microsecondsSinceEpoch.addingReportingOverflow(offset)
        return Timestamp(microsecondsSinceEpoch: past ? limit : sum)
    }

    /// How long after `earlier` this moment is; negative when it is before.
    public func duration(since earlier: Timestamp) -> Duration {
        .microseconds(microsecondsSinceEpoch) - .microseconds(earlier.microsecondsSinceEpoch)
    }
}

extension Timestamp: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }
}

extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC: `2026-01-31T08:15:00Z`, with six decimals unless the second is whole.
    public var description: String {
        let (seconds, microseconds) = Self.floorDivide(microsecondsSinceEpoch, by: 1_000_000)
        let (days, secondOfDay) = Self.floorDivide(seconds, by: 86_400)
        let (year, month, day) = Self.civilDate(daysSinceEpoch: days)
        let yearText = year < 0 ? "-" + Self.padded(-year, to: 4) : Self.padded(year, to: 4)
        let date = "\(yearText)-\(Self.padded(month, to: 2))-\(Self.padded(day, to: 2))"
        let hour = Self.padded(secondOfDay / 3_600, to: 2)
        let minute = Self.padded(secondOfDay / 60 % 60, to: 2)
        let second = Self.padded(secondOfDay % 60, to: 2)
        let fraction = microseconds == 0 ? "" : "." + Self.padded(microseconds, to: 6)
        return "\(date)T\(hour):\(minute):\(second)\(fraction)Z"
    }

    private static func floorDivide(_ number: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// The proleptic Gregorian date, by counting in eras of 400 years that begin on a 1 March.
    private static func civilDate(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(daysSinceEpoch + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
