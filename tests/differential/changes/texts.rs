//! The JSON texts of header and payload: members that occur twice, and what is hardly JSON.

use st_m2m_tests::{jwt::ISSUER, still::NOW};

use super::{Change, GOOD, Part, excerpt};
use crate::draft::{Draft, OWN_KEY_ID};

type Text = Vec<u8>;
type Rewrite = fn(Text) -> Text;

pub(super) fn changes() -> Vec<Change> {
    let mut changes = duplicates();
    for part in [Part::Header, Part::Claims] {
        changes.extend(texts(part));
    }
    changes
}

const NO_JSON: &str = "not JSON";
const NO_OBJECT: &str = "not an object";
const UTF8: &str = "not UTF-8";

/// The member stands in the object a second time, before or after the good one.
fn again(
    touches: &'static [&'static str],
    part: Part,
    name: &'static str,
    value: &str,
    first: bool,
) -> Change {
    let place = if first { "before" } else { "after" };
    let what = format!(
        "{} {name}: {} {place} the other",
        part.name(),
        excerpt(value)
    );
    let value = value.to_owned();
    Change::new("duplicate member", touches, what, move |draft| {
        let members = part.of(draft);
        let index = if first { 0 } else { members.len() };
        members.insert(index, (name.to_owned(), value.clone()));
    })
}

/// The object gets this member twice.
fn twice(
    about: &'static str,
    touches: &'static [&'static str],
    part: Part,
    name: &'static str,
    value: &'static str,
) -> Change {
    let what = format!("{} {name}, twice", part.name());
    Change::new(about, touches, what, move |draft| {
        for _ in 0..2 {
            part.of(draft).push((name.to_owned(), value.to_owned()));
        }
    })
}

fn duplicates() -> Vec<Change> {
    use Part::{Claims, Header};
    const ALG: &[&str] = &["alg", "signature"];
    const KID: &[&str] = &["kid", "signature"];
    const EXTENSIONS: &[&str] = &["crit", "key", "payload text", "signature", "header text"];
    const ABOUT: &str = "duplicate member";
    let issuer = format!("\"{ISSUER}\"");
    let (issued_at, expires_at) = (NOW.to_string(), (NOW + 3600).to_string());
    let mut changes = Vec::new();
    for (part, touches, name, value) in [
        (Header, ALG, "alg", r#""RS256""#),
        (Header, ALG, "alg", r#""none""#),
        (Header, &["typ"], "typ", r#""JWT""#),
        (Header, &["typ"], "typ", r#""dpop+jwt""#),
        (Header, KID, "kid", OWN_KEY_ID),
        (Header, KID, "kid", r#""s-unknown""#),
        (Claims, &["iss"], "iss", &issuer),
        (Claims, &["iss"], "iss", r#""https://evil.example""#),
        (Claims, &["dates"], "exp", &expires_at),
        (Claims, &["dates"], "exp", "1"),
        (Claims, &["dates"], "iat", &issued_at),
        (Claims, &["dates"], "iat", "99999999999"),
        (Claims, &["source"], "source", r#""microservice""#),
        (Claims, &["source"], "source", r#""user""#),
        (Claims, &["sub"], "sub", r#""orders""#),
        (Claims, &["sub"], "sub", r#""billing""#),
        // The names are told apart only by how they are written.
        (Header, ALG, r"\u0061lg", r#""RS256""#),
        (Header, KID, r"k\u0069d", OWN_KEY_ID),
        (Claims, &["iss"], r"\u0069ss", &issuer),
        (Claims, &["source"], r"sourc\u0065", r#""microservice""#),
        (Claims, &["sub"], r"\u0073\u0075\u0062", r#""admin""#),
    ] {
        for first in [true, false] {
            changes.push(again(touches, part, name, value, first));
        }
    }
    changes.extend([
        twice(ABOUT, &["aud"], Claims, "aud", r#""a""#),
        twice(ABOUT, &["dates"], Claims, "nbf", "1"),
        twice(ABOUT, &["scope"], Claims, "scope", r#""a""#),
        twice(ABOUT, &["kind"], Claims, "tId", "null"),
        twice(ABOUT, EXTENSIONS, Header, "crit", r#"["foo"]"#),
        twice(ABOUT, EXTENSIONS, Header, "jwk", "{}"),
        twice(ABOUT, &["header further"], Header, "mine", "1"),
        // A claim without a meaning may be there twice.
        twice(GOOD, &["further"], Claims, "mine", "1"),
    ]);
    changes
}

/// What each is about, what it is, and how it is done.
const TEXTS: &[(&str, &str, Rewrite)] = &[
    (GOOD, "white space around", |text| {
        [b" \t\r\n", &text[..], b"\n\t "].concat()
    }),
    (GOOD, "white space within", |text| {
        replace(text, ",", " ,\r\n\t")
    }),
    (GOOD, "an escape in a name", |text| {
        replace(
            replace(text, "\"alg\"", r#""\u0061lg""#),
            "\"iss\"",
            r#""is\u0073""#,
        )
    }),
    (NO_JSON, "empty", |_| Vec::new()),
    (NO_JSON, "a zero byte after", |text| {
        [&text[..], b"\0"].concat()
    }),
    (NO_JSON, "a form feed before", |text| {
        [b"\x0c", &text[..]].concat()
    }),
    (NO_JSON, "a no-break space before", |text| {
        ["\u{a0}".as_bytes(), &text].concat()
    }),
    (NO_JSON, "garbage after", |text| [&text[..], b" x"].concat()),
    (NO_JSON, "a second object after", |text| {
        [&text[..], b"{}"].concat()
    }),
    (NO_JSON, "itself again", |text| {
        [&text[..], &text[..]].concat()
    }),
    (NO_JSON, "a comma after", |text| [&text[..], b","].concat()),
    (NO_JSON, "a comma before the end", |text| {
        [&text[..text.len() - 1], b",}"].concat()
    }),
    (NO_JSON, "a comma at the start", |text| {
        replace_first(text, "{", "{,")
    }),
    (NO_JSON, "without its end", |text| {
        text[..text.len() - 1].to_vec()
    }),
    (NO_JSON, "half of it", |text| {
        text[..text.len() / 2].to_vec()
    }),
    (NO_JSON, "one bracket too many", |text| {
        [&text[..], b"}"].concat()
    }),
    (NO_JSON, "single quotes", |text| replace(text, "\"", "'")),
    (NO_JSON, "names without quotes", |text| {
        replace(replace(text, "\"alg\"", "alg"), "\"iss\"", "iss")
    }),
    (NO_JSON, "a comment", |text| {
        replace_first(text, ",", ",/* */")
    }),
    (NO_JSON, "a line comment", |text| {
        replace_first(text, ",", ",// \n")
    }),
    (NO_JSON, "a raw control character", |text| {
        replace_first(text, "{", "{\"a\":\"\u{1}\",")
    }),
    (NO_JSON, "a raw line break in a string", |text| {
        replace_first(text, "{", "{\"a\":\"\n\",")
    }),
    (NO_JSON, "an unknown escape", |text| {
        replace_first(text, "{", r#"{"a":"\x41","#)
    }),
    (NO_JSON, "half an escape", |text| {
        replace_first(text, "{", r#"{"a":"\u00","#)
    }),
    (NO_JSON, "a literal in capitals", |text| {
        replace_first(text, "{", r#"{"a":True,"#)
    }),
    (NO_JSON, "ten million opening brackets' start", |text| {
        replace_first(text, "{", &"[".repeat(800))
    }),
    (NO_OBJECT, "null", |_| b"null".to_vec()),
    (NO_OBJECT, "a number", |_| b"7".to_vec()),
    (NO_OBJECT, "a string", |_| b"\"x\"".to_vec()),
    (NO_OBJECT, "an array of it", |text| {
        [b"[", &text[..], b"]"].concat()
    }),
    (NO_OBJECT, "a string of it", |text| {
        serde_json::to_vec(&String::from_utf8_lossy(&text)).expect("a string")
    }),
    (NO_OBJECT, "an array of the values", |_| {
        br#"["RS256","JWT","s-raw-0000000001"]"#.to_vec()
    }),
    ("empty object", "an empty object", |_| b"{}".to_vec()),
    ("number that only Python reads", "NaN", |text| {
        replace_first(text, "{", r#"{"a":NaN,"#)
    }),
    ("number that only Python reads", "Infinity", |text| {
        replace_first(text, "{", r#"{"a":Infinity,"#)
    }),
    ("number that only Python reads", "-Infinity", |text| {
        replace_first(text, "{", r#"{"a":[-Infinity],"#)
    }),
    (UTF8, "a byte that UTF-8 has not", |text| {
        bytes(&text, &[0xff])
    }),
    (UTF8, "half a character", |text| bytes(&text, &[0xc3])),
    (UTF8, "an overlong slash", |text| {
        bytes(&text, &[0xc0, 0xaf])
    }),
    (UTF8, "an overlong zero", |text| bytes(&text, &[0xc0, 0x80])),
    (UTF8, "beyond Unicode", |text| {
        bytes(&text, &[0xf4, 0x90, 0x80, 0x80])
    }),
    (UTF8, "Latin-1", |text| bytes(&text, b"caf\xe9")),
    ("encoded surrogate", "a surrogate in UTF-8", |text| {
        bytes(&text, &[0xed, 0xa0, 0x80])
    }),
    (
        "encoded surrogate",
        "a pair of surrogates in UTF-8",
        |text| bytes(&text, &[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]),
    ),
    ("byte order mark", "a byte order mark", |text| {
        [b"\xef\xbb\xbf", &text[..]].concat()
    }),
    ("two byte order marks", "two byte order marks", |text| {
        [b"\xef\xbb\xbf\xef\xbb\xbf", &text[..]].concat()
    }),
    (
        "not UTF-8 but UTF-16 or UTF-32",
        "UTF-16, little-endian",
        |text| wide(&text, 2, false),
    ),
    (
        "not UTF-8 but UTF-16 or UTF-32",
        "UTF-16, big-endian",
        |text| wide(&text, 2, true),
    ),
    (
        "not UTF-8 but UTF-16 or UTF-32",
        "UTF-32, little-endian",
        |text| wide(&text, 4, false),
    ),
    (
        "not UTF-8 but UTF-16 or UTF-32",
        "UTF-32, big-endian",
        |text| wide(&text, 4, true),
    ),
    (
        "not UTF-8 but UTF-16 or UTF-32",
        "UTF-16 with a mark",
        |text| [b"\xff\xfe", &wide(&text, 2, false)[..]].concat(),
    ),
];

fn texts(part: Part) -> Vec<Change> {
    let touches: &'static [&'static str] = match part {
        Part::Header => &["header text"],
        Part::Claims => &["payload text"],
    };
    let change = |&(about, what, rewrite): &(&'static str, &str, Rewrite)| {
        let what = format!("{} text: {what}", part.name());
        Change::new(about, touches, what, move |draft| add(draft, part, rewrite))
    };
    TEXTS.iter().map(change).collect()
}

fn add(draft: &mut Draft, part: Part, rewrite: Rewrite) {
    let rewrites = match part {
        Part::Header => &mut draft.header_text,
        Part::Claims => &mut draft.payload_text,
    };
    rewrites.push(Box::new(move |text, _| rewrite(text)));
}

fn replace(text: Text, from: &str, to: &str) -> Text {
    let text = String::from_utf8(text).expect("UTF-8");
    text.replace(from, to).into_bytes()
}

fn replace_first(text: Text, from: &str, to: &str) -> Text {
    let text = String::from_utf8(text).expect("UTF-8");
    text.replacen(from, to, 1).into_bytes()
}

/// With a further member whose string is these bytes.
fn bytes(text: &[u8], string: &[u8]) -> Text {
    [b"{\"a\":\"", string, b"\",", &text[1..]].concat()
}

/// ASCII in units of so many bytes.
fn wide(text: &[u8], unit: usize, big_endian: bool) -> Text {
    let mut wide = Vec::new();
    for byte in text {
        let mut one = vec![0; unit];
        let place = if big_endian { unit - 1 } else { 0 };
        one[place] = *byte;
        wide.extend(one);
    }
    wide
}
