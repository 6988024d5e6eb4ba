//! Claims: missing, of a wrong type, of a wrong value, at their bounds and beyond.

use st_m2m_tests::{jwt::ISSUER, still::NOW};

use super::{Change, Part, excerpt, with, without};
use crate::draft::set;

/// What is no string, or hardly one.
const WRONG_TYPES: &[&str] = &["null", "7", "true", "false", "{}", "[]", r#""""#];

pub(super) fn changes() -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, usual) in [("exp", NOW + 3600), ("iat", NOW), ("nbf", NOW)] {
        changes.extend(dates(name, usual));
    }
    changes.extend(bounds());
    changes.extend(issuer_and_source());
    changes.extend(types());
    changes.extend(sizes());
    changes.extend(kinds());
    changes
}

/// What is no date, or is one only to some. `usual` is a good value.
fn dates(name: &'static str, usual: u64) -> Vec<Change> {
    const TOUCHES: &[&str] = &["dates"];
    let about = |of: &str| match (name, of) {
        ("exp", "missing") => "exp missing",
        ("iat", "missing") => "iat missing",
        (_, "type") => "date that is no number",
        (_, "range") => "date out of range",
        (_, "JSON") => "number that JSON has not",
        _ => "date",
    };
    let mut changes = Vec::new();
    if name != "nbf" {
        changes.push(without(about("missing"), TOUCHES, Part::Claims, name));
    }
    let digits = usual.to_string();
    for value in [
        "null".to_owned(),
        "true".to_owned(),
        "false".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        format!("[{usual}]"),
        format!("{{\"date\":{usual}}}"),
        r#""""#.to_owned(),
        r#""tomorrow""#.to_owned(),
        r#""2026-11-23T12:00:00Z""#.to_owned(),
        format!("\"{usual}\""),
        format!("\" {usual} \""),
        format!("\"{usual}.0\""),
        format!("\"+{usual}\""),
        format!("\"0x{usual:x}\""),
        format!("\"{}_{}\"", &digits[..4], &digits[4..]),
        r#""1e9""#.to_owned(),
        r#""0""#.to_owned(),
        r#""-1""#.to_owned(),
        // The digits of other scripts.
        format!("\"{}\"", digits.replace('7', "７")),
        r#""NaN""#.to_owned(),
        r#""Infinity""#.to_owned(),
    ] {
        changes.push(with(about("type"), TOUCHES, Part::Claims, name, value));
    }
    for value in [
        "-1",
        "-0.5",
        "-1795440859",
        "-1e300",
        "1e300",
        "1e999",
        "-1e999",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e16",
        "1e19",
    ] {
        changes.push(with(about("range"), TOUCHES, Part::Claims, name, value));
    }
    changes.push(with(
        about("range"),
        TOUCHES,
        Part::Claims,
        name,
        "9".repeat(400),
    ));
    for value in [
        format!("0{usual}"),
        format!("+{usual}"),
        format!("0x{usual:x}"),
        format!("{usual}."),
        format!(".{usual}"),
        format!("{usual}n"),
        format!("{usual}e"),
        format!("{}_{}", &digits[..4], &digits[4..]),
        "NaN".to_owned(),
        "Infinity".to_owned(),
        "-Infinity".to_owned(),
        "undefined".to_owned(),
        "--1".to_owned(),
        "1 2".to_owned(),
        String::new(),
    ] {
        changes.push(with(about("JSON"), TOUCHES, Part::Claims, name, value));
    }
    // The same moment, written otherwise.
    for value in [
        format!("{usual}.0"),
        format!("{usual}e0"),
        format!("{usual}E+0"),
        format!("{}.{}e9", &digits[..1], &digits[1..]),
        format!(" {usual}\n"),
        format!("{usual}000e-3"),
        format!("{usual}.000000000000000000000000000001"),
    ] {
        changes.push(with(super::GOOD, TOUCHES, Part::Claims, name, value));
    }
    changes
}

/// Each bound, exactly and just beyond it.
fn bounds() -> Vec<Change> {
    const TOUCHES: &[&str] = &["dates"];
    let mut changes = Vec::new();
    let mut both = |about: &'static str, issued_at: String, expires_at: String| {
        let what = format!("iat {}, exp {}", excerpt(&issued_at), excerpt(&expires_at));
        changes.push(Change::new(about, TOUCHES, what, move |draft| {
            set(&mut draft.claims, "iat", &issued_at);
            set(&mut draft.claims, "exp", &expires_at);
        }));
    };
    for good in [NOW + 1, NOW, NOW - 1, NOW - 4] {
        both(super::GOOD, (NOW - 60).to_string(), good.to_string());
    }
    for late in [NOW - 5, NOW - 6, NOW - 60, NOW - 59, 1, 2] {
        both("expired", (late - 1).to_string(), late.to_string());
    }
    // exp is not after iat.
    for (issued_at, expires_at) in [
        (NOW, NOW),
        (NOW, NOW - 1),
        (NOW + 5, NOW + 5),
        (NOW + 5, NOW + 1),
        (NOW - 2, NOW - 2),
        (NOW - 1, NOW - 4),
    ] {
        both(
            "exp not after iat",
            issued_at.to_string(),
            expires_at.to_string(),
        );
    }
    both("exp not after iat", format!("{NOW}.2"), format!("{NOW}.7"));
    both("exp not after iat", format!("{NOW}.7"), format!("{NOW}.2"));
    both(
        super::GOOD,
        format!("{NOW}.999"),
        format!("{}.001", NOW + 1),
    );
    for early in [NOW + 6, NOW + 7, NOW + 3600] {
        both(
            "issued in the future",
            early.to_string(),
            (early + 60).to_string(),
        );
    }
    // Within the second of a bound.
    for (issued_at, expires_at) in [
        (format!("{}.5", NOW + 5), (NOW + 60).to_string()),
        (format!("{}.999", NOW + 5), (NOW + 60).to_string()),
        ((NOW - 60).to_string(), format!("{}.5", NOW - 5)),
        ((NOW - 60).to_string(), format!("{}.001", NOW - 5)),
    ] {
        both("fraction of a second", issued_at, expires_at);
    }
    both(
        "expired",
        (NOW - 60).to_string(),
        format!("{}.999", NOW - 6),
    );
    both(
        "issued in the future",
        format!("{}.001", NOW + 6),
        (NOW + 60).to_string(),
    );
    for value in [NOW + 6, NOW + 3600, NOW * 1000] {
        changes.push(with(
            "not yet valid",
            TOUCHES,
            Part::Claims,
            "nbf",
            value.to_string(),
        ));
    }
    for value in [format!("{}.5", NOW + 5), format!("{}.001", NOW + 5)] {
        changes.push(with(
            "fraction of a second",
            TOUCHES,
            Part::Claims,
            "nbf",
            value,
        ));
    }
    changes
}

fn issuer_and_source() -> Vec<Change> {
    let mut changes = vec![
        without("iss", &["iss"], Part::Claims, "iss"),
        without("source", &["source"], Part::Claims, "source"),
    ];
    let issuers = [
        format!("[\"{ISSUER}\"]"),
        format!("{{\"{ISSUER}\":1}}"),
        format!("\"{ISSUER}/\""),
        format!("\"{ISSUER}/auth\""),
        format!("\"{}\"", ISSUER.to_uppercase()),
        format!("\"{ISSUER} \""),
        format!("\" {ISSUER}\""),
        format!("\"{ISSUER}\\u0000\""),
        format!("\"{ISSUER}.\""),
        format!("\"{ISSUER}:443\""),
        r#""https://evil.example""#.to_owned(),
        r#""api.example.com""#.to_owned(),
        r#""http://api.example.com""#.to_owned(),
        r#""https://аpi.example.com""#.to_owned(),
        r#""https://api.example.com\ud800""#.to_owned(),
        r#""https://api.example.com,https://second.example.com""#.to_owned(),
        r#"["https://api.example.com","https://second.example.com"]"#.to_owned(),
    ];
    for value in WRONG_TYPES
        .iter()
        .map(|value| (*value).to_owned())
        .chain(issuers)
    {
        changes.push(with("iss", &["iss"], Part::Claims, "iss", value));
    }
    let sources = [
        r#""Microservice""#,
        r#""MICROSERVICE""#,
        r#""microservice ""#,
        r#"" microservice""#,
        r#""microservice\u0000""#,
        r#""user""#,
        r#"["microservice"]"#,
        r#"[["microservice"]]"#,
        r#"{"microservice":true}"#,
        r#""mіcroservice""#,
        r#""microservice\n""#,
        r#""microservic""#,
        r#""\"microservice\"""#,
        r#""ｍicroservice""#,
        r#""micro\u00adservice""#,
        r#""microservice\ud800""#,
    ];
    for value in WRONG_TYPES.iter().chain(&sources) {
        changes.push(with("source", &["source"], Part::Claims, "source", *value));
    }
    changes
}

/// Other claims that somebody reads, of a wrong type.
fn types() -> Vec<Change> {
    let mut changes = Vec::new();
    for value in ["null", "7", "1.5", "true", "{}", "[]", r#"["orders"]"#] {
        changes.push(with("sub", &["sub"], Part::Claims, "sub", value));
        changes.push(with("jti", &["jti"], Part::Claims, "jti", value));
    }
    for value in [r#""\ud800""#, r#""orders\udfff""#] {
        changes.push(with("lone surrogate", &["sub"], Part::Claims, "sub", value));
        changes.push(with("lone surrogate", &["aud"], Part::Claims, "aud", value));
        changes.push(with(
            "lone surrogate",
            &["scope"],
            Part::Claims,
            "scope",
            value,
        ));
    }
    for value in [
        "null",
        "7",
        "true",
        "{}",
        "[7]",
        "[null]",
        r#"["a",7]"#,
        r#"[["a"]]"#,
        r#"{"a":1}"#,
    ] {
        changes.push(with(
            "aud, scope, scp",
            &["aud"],
            Part::Claims,
            "aud",
            value,
        ));
        changes.push(with(
            "aud, scope, scp",
            &["scp"],
            Part::Claims,
            "scp",
            value,
        ));
    }
    for value in ["null", "7", "true", "{}", "[]", r#"["a"]"#] {
        changes.push(with(
            "aud, scope, scp",
            &["scope"],
            Part::Claims,
            "scope",
            value,
        ));
    }
    changes.push(with(
        "aud, scope, scp",
        &["scp"],
        Part::Claims,
        "scp",
        r#""a""#,
    ));
    changes
}

/// More than some parsers take.
fn sizes() -> Vec<Change> {
    let mut changes = Vec::new();
    // More digits than Python turns into a number.
    changes.push(with(
        "5,000 digits",
        &[super::ALONE],
        Part::Claims,
        "further",
        "9".repeat(5000),
    ));
    changes.push(with(
        "5,000 digits",
        &[super::ALONE],
        Part::Claims,
        "exp",
        "9".repeat(5000),
    ));
    // Python 3.11 and 3.12 read no more than about a thousand levels, 3.13 does: to be refused by all, it is a user's.
    let arrays = format!("{0}{1}", "[".repeat(2900), "]".repeat(2900));
    for part in [Part::Header, Part::Claims] {
        let (what, arrays) = (
            format!("{} nested: 2,900 levels, source: \"user\"", part.name()),
            arrays.clone(),
        );
        changes.push(Change::new("source", &[super::ALONE], what, move |draft| {
            set(part.of(draft), "nested", &arrays);
            set(&mut draft.claims, "source", "\"user\"");
        }));
    }
    changes
}

/// The marks of the other kinds of token that the same keys sign.
fn kinds() -> Vec<Change> {
    let mut changes = Vec::new();
    for name in [
        "sessionHandle",
        "refreshTokenHash1",
        "parentRefreshTokenHash1",
        "antiCsrfToken",
        "rsub",
        "tId",
        "userData",
    ] {
        for value in ["null", r#""x""#, "{}", "false"] {
            changes.push(with("session mark", &["kind"], Part::Claims, name, value));
        }
        changes.push(Change::new(
            "session mark",
            &["kind"],
            format!("claim {name} with an escape"),
            move |draft| {
                let escaped = format!("\\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
                set(&mut draft.claims, &escaped, "null");
            },
        ));
    }
    for value in ["0", "1", "2", "3", "null", r#""1""#, "1.0", "true", "[]"] {
        changes.push(with("stt", &["kind"], Part::Claims, "stt", value));
    }
    changes
}
