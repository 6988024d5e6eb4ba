//! Durations as the environment writes them: `250ms`, `2s`, `15m` or `1h`.

use std::{fmt, time::Duration};

/// Units and their milliseconds, the largest first.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis = UNITS.iter().find(|(name, _)| *name == unit);
    number
        .parse::<u64>()
        .ok()
        .zip(millis)
        .and_then(|(number, (_, millis))| number.checked_mul(*millis))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is no duration; write `250ms`, `2s`, `15m` or `1h`"))
}

/// A duration in an error, so that it can be copied into an environment variable. What is finer than a millisecond is
/// shown as Rust shows it.
pub(super) struct Written(pub(super) Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = match u64::try_from(self.0.as_millis()) {
            Ok(0) if self.0.is_zero() => return f.write_str("0s"),
            Ok(millis) if Duration::from_millis(millis) == self.0 => millis,
            _ => return write!(f, "{:?}", self.0),
        };
        match UNITS.iter().find(|(_, unit)| millis % unit == 0) {
            Some((name, unit)) => write!(f, "{}{name}", millis / unit),
            None => write!(f, "{millis}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written is read as the same duration.
    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for (text, millis) in [
            ("0s", 0),
            ("1ms", 1),
            ("1500ms", 1_500),
            ("90s", 90_000),
            ("15m", 900_000),
            ("1h", 3_600_000),
            ("876000h", 3_153_600_000_000),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(Written(duration).to_string(), text);
            assert_eq!(parse(text), Ok(duration));
        }
        for (other, text) in [("60s", "1m"), ("60m", "1h"), ("0h", "0s")] {
            let duration = parse(other).expect("a duration");
            assert_eq!(Written(duration).to_string(), text);
        }
    }

    /// A program may set what an environment variable cannot.
    #[test]
    fn what_the_environment_cannot_write_is_shown_as_it_is() {
        assert_eq!(Written(Duration::from_micros(1)).to_string(), "1µs");
        assert_eq!(
            Written(Duration::MAX).to_string(),
            format!("{:?}", Duration::MAX)
        );
    }

    #[test]
    fn every_other_text_is_no_duration() {
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "1 s",
            "1S",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
