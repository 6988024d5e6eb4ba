//! The segments: base64url that is not canonical (RFC 7515 §2, RFC 4648 §3.5 and §5).

use super::Change;
use crate::draft::Draft;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Changes the text of a segment.
type Respelling = fn(&str) -> String;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    Header,
    Payload,
    Signature,
}

const ODD: &str = "not base64url";

/// What each is about, what it is, and how it is done.
const SPELLINGS: &[(&str, &str, Respelling)] = &[
    ("padding", "padded", padded),
    ("wrong padding", "one = too few or too many", |segment| {
        let padded = padded(segment);
        match padded.strip_suffix("==") {
            Some(start) => format!("{start}="),
            None => format!("{padded}="),
        }
    }),
    ("wrong padding", "=== after", |segment| {
        format!("{segment}===")
    }),
    ("wrong padding", "==== after", |segment| {
        format!("{segment}====")
    }),
    ("wrong padding", "= before", |segment| format!("={segment}")),
    ("wrong padding", "= in the middle", |segment| {
        middle(segment, "=")
    }),
    ("wrong padding", "padded in percent encoding", |segment| {
        padded(segment).replace('=', "%3D")
    }),
    ("trailing bits", "other trailing bits", trailing_bits),
    ("trailing bits", "all trailing bits", all_trailing_bits),
    ("standard alphabet", "in the standard alphabet", |segment| {
        segment.replace('-', "+").replace('_', "/")
    }),
    (
        "standard alphabet",
        "padded and in the standard alphabet",
        |segment| padded(segment).replace('-', "+").replace('_', "/"),
    ),
    ("white space", "a tab before", |segment| {
        format!("\t{segment}")
    }),
    ("white space", "a space in the middle", |segment| {
        middle(segment, " ")
    }),
    ("white space", "a space after", |segment| {
        format!("{segment} ")
    }),
    ("white space", "a tab in the middle", |segment| {
        middle(segment, "\t")
    }),
    ("white space", "a line break in the middle", |segment| {
        middle(segment, "\n")
    }),
    ("white space", "a line break after", |segment| {
        format!("{segment}\n")
    }),
    ("white space", "lines of 76 characters", |segment| {
        let lines: Vec<_> = segment
            .as_bytes()
            .chunks(76)
            .map(String::from_utf8_lossy)
            .collect();
        lines.join("\r\n")
    }),
    ("white space", "a form feed in the middle", |segment| {
        middle(segment, "\u{c}")
    }),
    (ODD, "a vertical tab in the middle", |segment| {
        middle(segment, "\u{b}")
    }),
    (ODD, "a zero byte in the middle", |segment| {
        middle(segment, "\0")
    }),
    (ODD, "a zero byte after", |segment| format!("{segment}\0")),
    (ODD, "four !", |segment| middle(segment, "!!!!")),
    (ODD, "a tilde", |segment| middle(segment, "~")),
    (ODD, "a comma", |segment| middle(segment, ",")),
    (ODD, "a percent sign", |segment| middle(segment, "%")),
    (ODD, "a no-break space", |segment| middle(segment, "\u{a0}")),
    (ODD, "a zero width space", |segment| {
        middle(segment, "\u{200b}")
    }),
    (ODD, "a byte order mark before", |segment| {
        format!("\u{feff}{segment}")
    }),
    (ODD, "a full-width letter", |segment| {
        middle(segment, "\u{ff21}")
    }),
    (ODD, "one character more", |segment| format!("{segment}A")),
    (ODD, "four characters of zeros more", |segment| {
        format!("{segment}AAAA")
    }),
    (ODD, "one character less", |segment| {
        segment[..segment.len() - 1].to_owned()
    }),
    (ODD, "two characters less", |segment| {
        segment[..segment.len() - 2].to_owned()
    }),
    (ODD, "without its first character", |segment| {
        segment[1..].to_owned()
    }),
    (ODD, "one character alone", |_| "A".to_owned()),
    (ODD, "empty", |_| String::new()),
    (ODD, "in hexadecimal", |segment| {
        segment.bytes().flat_map(hexadecimal).collect()
    }),
];

pub(super) fn changes() -> Vec<Change> {
    let mut changes = Vec::new();
    for segment in [Segment::Header, Segment::Payload, Segment::Signature] {
        for &(about, what, respell) in SPELLINGS {
            let touches: &'static [&'static str] = match segment {
                Segment::Header => &["header text"],
                Segment::Payload => &["payload text"],
                Segment::Signature => &["signature"],
            };
            let what = format!("{segment:?}: {what}");
            changes.push(Change::new(about, touches, what, move |draft| {
                spell(draft, segment, respell);
            }));
        }
    }
    changes
}

/// Has the segment spelt so. Its text is made to leave trailing bits, and to need the letters that base64url alone has.
fn spell(draft: &mut Draft, segment: Segment, respell: Respelling) {
    let rewrite = move |text: String| {
        let other = respell(&text);
        assert_ne!(other, text, "the segment is spelt otherwise");
        other
    };
    let texts = match segment {
        Segment::Header => &mut draft.header_text,
        Segment::Payload => &mut draft.payload_text,
        Segment::Signature => {
            // 256 bytes are one more than a multiple of three.
            draft.url_letters = true;
            draft
                .signature_segment
                .push(Box::new(move |text, _| rewrite(text)));
            return;
        }
    };
    texts.push(Box::new(|text, _| {
        // `?`, `>` and `~` at each of the three places give `-` and `_`.
        let mut start = "{\"a\":\"~~~???>>>\",".to_owned();
        while (start.len() + text.len() - 1) % 3 != 1 {
            start.push(' ');
        }
        [start.as_bytes(), &text[1..]].concat()
    }));
    match segment {
        Segment::Header => draft
            .header_segment
            .push(Box::new(move |text, _| rewrite(text))),
        _ => draft
            .payload_segment
            .push(Box::new(move |text, _| rewrite(text))),
    }
}

fn padded(segment: &str) -> String {
    let missing = (4 - segment.len() % 4) % 4;
    format!("{segment}{}", "=".repeat(missing))
}

fn middle(segment: &str, what: &str) -> String {
    let (start, end) = segment.split_at(segment.len() / 2);
    format!("{start}{what}{end}")
}

/// The last character stands for bits that no byte needs. One of them is set.
fn trailing_bits(segment: &str) -> String {
    with_last(segment, |value| value ^ 1)
}

fn all_trailing_bits(segment: &str) -> String {
    with_last(segment, |value| value | 0b1111)
}

fn with_last(segment: &str, change: fn(usize) -> usize) -> String {
    assert_eq!(segment.len() % 4, 2, "four bits are not needed");
    let (start, last) = segment.split_at(segment.len() - 1);
    let value = ALPHABET.find(last).expect("a letter of the alphabet");
    format!("{start}{}", char::from(ALPHABET.as_bytes()[change(value)]))
}

fn hexadecimal(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16).expect("less than 16"))
}
