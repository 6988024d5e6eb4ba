//! The token as a whole: its segments, what stands around them, how long it is.

use super::{ALONE, Change};
use crate::{draft::Draft, keys::RAW_KEY_ID};

type Respelling = fn(&[&str]) -> String;

/// What it is, and how it is made of the three segments.
const SHAPES: &[(&str, Respelling)] = &[
    ("nothing", |_| String::new()),
    ("one dot", |_| ".".to_owned()),
    ("two dots", |_| "..".to_owned()),
    ("three dots", |_| "...".to_owned()),
    ("the header alone", |it| it[0].to_owned()),
    ("the payload alone", |it| it[1].to_owned()),
    ("header and payload", |it| it[..2].join(".")),
    ("header and payload and a dot", |it| {
        format!("{}.{}.", it[0], it[1])
    }),
    ("payload and signature", |it| it[1..].join(".")),
    ("header and signature", |it| format!("{}.{}", it[0], it[2])),
    ("an empty header", |it| format!(".{}.{}", it[1], it[2])),
    ("an empty payload", |it| format!("{}..{}", it[0], it[2])),
    ("a dot before", |it| format!(".{}", it.join("."))),
    ("a dot after", |it| format!("{}.", it.join("."))),
    ("a double dot", |it| it.join("..")),
    ("a fourth segment", |it| {
        format!("{}.{}", it.join("."), it[2])
    }),
    ("a fourth segment before", |it| {
        format!("{}.{}", it[0], it.join("."))
    }),
    ("a fourth segment within", |it| {
        format!("{}.{}.{}.{}", it[0], it[1], it[1], it[2])
    }),
    ("a fifth segment, as a JWE has", |it| {
        format!("{}.{}.{}", it.join("."), it[1], it[2])
    }),
    ("header and payload exchanged", |it| {
        format!("{}.{}.{}", it[1], it[0], it[2])
    }),
    ("payload and signature exchanged", |it| {
        format!("{}.{}.{}", it[0], it[2], it[1])
    }),
    ("backwards", |it| it.join(".").chars().rev().collect()),
    ("in capitals", |it| it.join(".").to_uppercase()),
    ("in lower case", |it| it.join(".").to_lowercase()),
    ("in quotes", |it| format!("\"{}\"", it.join("."))),
    ("with its scheme again", |it| {
        format!("Bearer {}", it.join("."))
    }),
    ("twice", |it| format!("{0}{0}", it.join("."))),
    ("twice, with a comma", |it| format!("{0},{0}", it.join("."))),
    ("twice, with a space", |it| format!("{0} {0}", it.join("."))),
    ("a semicolon after", |it| format!("{};", it.join("."))),
    ("dots in percent encoding", |it| it.join("%2E")),
    ("dots of another script", |it| it.join("\u{3002}")),
    ("colons for dots", |it| it.join(":")),
    ("slashes for dots", |it| it.join("/")),
    ("the flattened JSON serialisation", |it| {
        format!(
            r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#,
            it[0], it[1], it[2]
        )
    }),
    ("the general JSON serialisation", |it| {
        format!(
            r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}}"#,
            it[1], it[0], it[2]
        )
    }),
    ("a session of version 2", |it| {
        format!(
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIyIn0=.{}.{}",
            it[1], it[2]
        )
    }),
    ("text", |_| "not-a-token".to_owned()),
    ("undefined", |_| "undefined".to_owned()),
    ("null", |_| "null".to_owned()),
];

pub(super) fn changes() -> Vec<Change> {
    const ABOUT: &str = "shape";
    let mut changes: Vec<_> = SHAPES
        .iter()
        .map(|&(what, respell)| {
            Change::new(ABOUT, &["shape"], what, move |draft: &mut Draft| {
                draft.token.push(Box::new(move |token, _| {
                    respell(&token.split('.').collect::<Vec<_>>())
                }));
            })
        })
        .collect();
    // A space before is not the token's but the header's: `Bearer` and one or more of them.
    for what in [
        "a space after",
        "a tab before",
        "a tab after",
        "a line break after",
    ] {
        changes.push(Change::new(
            "white space around",
            &["shape"],
            format!("the token, {what}"),
            move |draft| {
                draft.token.push(Box::new(move |token, _| match what {
                    "a space after" => format!("{token} "),
                    "a tab before" => format!("\t{token}"),
                    "a tab after" => format!("{token}\t"),
                    _ => format!("{token}\n"),
                }));
            },
        ));
    }
    // A good token of exactly 8 KiB and such that are longer.
    for bytes in [4096, 8000, 8191, 8192] {
        changes.push(long(super::GOOD, bytes));
    }
    for bytes in [8193, 8194, 8196, 9000, 12_000, 16_000, 65_536, 200_000] {
        changes.push(long("longer than 8 KiB", bytes));
    }
    changes
}

/// A good token of `bytes` bytes: white space makes it as long.
fn long(about: &'static str, bytes: usize) -> Change {
    let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{RAW_KEY_ID}"}}"#);
    let characters = |bytes: usize| (bytes * 4).div_ceil(3);
    // Two dots, and a signature of 342 characters. One more than a multiple of four is no length of base64url.
    let (header, payload) = (0..3)
        .map(|spaces| format!("{header}{}", " ".repeat(spaces)))
        .map(|header| (characters(header.len()), header))
        .map(|(length, header)| (header, bytes - 2 - 342 - length))
        .find(|(_, payload)| payload % 4 != 1)
        .expect("one of three lengths");
    Change::new(
        about,
        &[ALONE],
        format!("a token of {bytes} bytes"),
        move |draft| {
            let header = header.clone();
            draft
                .header_text
                .push(Box::new(move |_, _| header.clone().into_bytes()));
            draft.payload_text.push(Box::new(move |mut text, _| {
                text.resize(payload * 3 / 4, b' ');
                text
            }));
            draft.token.push(Box::new(move |token, _| {
                assert_eq!(token.len(), bytes, "the length is right");
                token
            }));
        },
    )
}
