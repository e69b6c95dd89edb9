//! Numbers for people. The only place where a number is rounded.

/// Bytes with a binary unit and three or four significant digits: `1.44 MiB`.
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would round to 1024 of a unit is 1.00 of the next.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Bytes exactly, with separators: `1,474,560`.
pub fn bytes(bytes: u64) -> String {
    let digits = bytes.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `part` of `whole` in percent, `12.3%`; what is not zero is never shown as zero.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return if part == 0 { "0.0%".to_string() } else { "-".to_string() };
    }
    let value = part as f64 * 100.0 / whole as f64;
    if part > 0 && value < 0.05 {
        return "<0.1%".to_string();
    }
    format!("{value:.1}%")
}

/// A change in bytes with its sign, by `format`: `+1.44 MiB`.
pub fn change(delta: i64, format: impl Fn(u64) -> String) -> String {
    let sign = if delta < 0 { "-" } else { "+" };
    if delta == 0 { "0".to_string() } else { format!("{sign}{}", format(delta.unsigned_abs())) }
}

/// `delta` in percent of what there was before: `+12.3%`; a word where nothing was or is left.
pub fn percent_change(delta: i64, old: u64) -> String {
    if old == 0 {
        return if delta == 0 { "0.0%".to_string() } else { "new".to_string() };
    }
    if delta == 0 {
        return "0.0%".to_string();
    }
    if delta.unsigned_abs() == old && delta < 0 {
        return "gone".to_string();
    }
    let value = delta as f64 * 100.0 / old as f64;
    let sign = if delta < 0 { "-" } else { "+" };
    match value.abs() {
        v if v < 0.05 => format!("{sign}<0.1%"),
        v if v < 999.5 => format!("{sign}{v:.1}%"),
        v => format!("{sign}{v:.0}%"),
    }
}

/// A time with three significant digits: `1.23 ms`, `45.6 s`, `12 min`.
pub fn duration(microseconds: u64) -> String {
    let (value, unit) = match microseconds {
        0..1_000 => return format!("{microseconds} µs"),
        1_000..999_500 => (microseconds as f64 / 1e3, "ms"),
        999_500..600_000_000 => (microseconds as f64 / 1e6, "s"),
        _ => (microseconds as f64 / 6e7, "min"),
    };
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_change_where_digits_would_overflow() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (10_240, "10.0 KiB"),
            (102_400, "100 KiB"),
            (1_048_524, "1.00 MiB"),
            (1_474_560, "1.41 MiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (value, text) in cases {
            assert_eq!(human(value), text, "{value}");
        }
    }

    #[test]
    fn durations_keep_three_digits() {
        let cases =
            [(7, "7 µs"), (1_234, "1.23 ms"), (45_600, "45.6 ms"), (999_499, "999 ms"), (999_600, "1.00 s")];
        for (value, text) in cases {
            assert_eq!(duration(value), text);
        }
        assert_eq!([12_000_000, 720_000_000].map(duration), ["12.0 s", "12.0 min"]);
    }

    #[test]
    fn separators_and_percentages() {
        assert_eq!(
            ["7", "999", "1,000", "1,234,567"].map(String::from),
            [7, 999, 1000, 1_234_567].map(bytes)
        );
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(1, 1_000_000), "<0.1%");
        assert_eq!(percent(0, 10), "0.0%");
        assert_eq!(percent(0, 0), "0.0%");
    }

    #[test]
    fn changes_keep_their_sign_and_are_never_rounded_to_nothing() {
        assert_eq!([0, 1, -1536].map(|d| change(d, human)), ["0", "+1 B", "-1.50 KiB"]);
        let cases = [
            ((0, 0), "0.0%"),
            ((5, 0), "new"),
            ((-5, 5), "gone"),
            ((1, 10_000), "+<0.1%"),
            ((-1, 8), "-12.5%"),
            ((100, 8), "+1250%"),
        ];
        for ((delta, old), text) in cases {
            assert_eq!(percent_change(delta, old), text, "{delta} of {old}");
        }
    }
}
