//! Text from outside, fit for a message.

/// How much is shown, in bytes.
const SHOWN_BYTES: usize = 300;

/// The beginning of a text, on one line, without characters that a terminal or a log reader would act on.
pub(crate) fn excerpt(text: &str) -> String {
    let text = text.trim();
    let mut end = text.len().min(SHOWN_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut excerpt: String = text[..end].chars().map(plain).collect();
    if end < text.len() {
        excerpt.push('…');
    }
    excerpt
}

/// Control characters, separators of lines, and marks that change the direction of writing become spaces.
fn plain(c: char) -> char {
    let acts = c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if acts { ' ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_dropped_and_long_text_is_cut() {
        assert_eq!(
            excerpt(" a\nb\u{1b}[2J\u{9b}c\u{2028}d\u{202e}e\n"),
            "a b [2J c d e"
        );
        let long = excerpt(&"é".repeat(1000));
        assert!(long.ends_with('…'));
        assert!(long.len() <= SHOWN_BYTES + '…'.len_utf8());
    }
}
