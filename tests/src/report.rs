//! What a test has to say although it passed.

use std::io::{self, Write as _};

/// Prints a line that the test harness does not hold back: how much a replay compared is part of its result.
///
/// # Panics
///
/// When standard output is closed.
pub fn report(line: &str) {
    writeln!(io::stdout().lock(), "{line}").expect("standard output is open");
}
