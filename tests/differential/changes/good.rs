//! What a good token may have.

use st_m2m_tests::still::NOW;

use super::{Change, GOOD, Part, with, without};

pub(super) fn changes() -> Vec<Change> {
    let mut changes = claims();
    changes.extend(further());
    changes
}

/// Claims with a meaning, and good values that are unusual.
fn claims() -> Vec<Change> {
    let mut changes = vec![
        Change::new(GOOD, &["good"], "no change", |_| ()),
        without(GOOD, &["sub"], Part::Claims, "sub"),
    ];
    for value in [
        NOW + 1,
        NOW + 60,
        NOW + 3_153_600_000, // 100 years
        NOW * 1000,          // the year 58,865: milliseconds
        1_672_774_000_000,   // the year 54,977
        9_007_199_254_740_991,
    ] {
        changes.push(with(
            GOOD,
            &["dates"],
            Part::Claims,
            "exp",
            value.to_string(),
        ));
    }
    let dates = [
        ("iat", NOW - 3_153_600_000_u64.min(NOW)),
        ("iat", 0),
        ("iat", 1),
        ("iat", NOW - 1),
        ("iat", NOW + 5),
        ("nbf", 0),
        ("nbf", NOW),
        ("nbf", NOW + 5),
    ];
    for (name, value) in dates {
        changes.push(with(
            GOOD,
            &["dates"],
            Part::Claims,
            name,
            value.to_string(),
        ));
    }
    for value in [
        r#""https://second.example.com/Auth""#,
        r#""https:\/\/api.example.com""#,
        r#""https://api.example\u002ecom""#,
    ] {
        changes.push(with(GOOD, &["iss"], Part::Claims, "iss", value));
    }
    changes.push(with(
        GOOD,
        &["source"],
        Part::Claims,
        "source",
        r#""micro\u0073ervice""#,
    ));
    for value in [
        r#""""#,
        r#""orders\u0000""#,
        r#""注文サービス""#,
        r#""🦀""#,
        r#""a\"b\\c""#,
        "\"\u{202e}sredro\"",
        r#""\ud83e\udd80""#,
    ] {
        changes.push(with(GOOD, &["sub"], Part::Claims, "sub", value));
    }
    for value in [r#""orders""#, r#""""#, "[]", r#"["a"]"#, r#"["a","b","é"]"#] {
        changes.push(with(GOOD, &["aud"], Part::Claims, "aud", value));
    }
    for value in [r#""read""#, r#""read  write""#, r#""""#] {
        changes.push(with(GOOD, &["scope"], Part::Claims, "scope", value));
    }
    for value in ["[]", r#"["read","write"]"#] {
        changes.push(with(GOOD, &["scp"], Part::Claims, "scp", value));
    }
    changes.push(with(GOOD, &["jti"], Part::Claims, "jti", r#""1f6c7a""#));
    changes
}

/// Members without a meaning.
fn further() -> Vec<Change> {
    let mut changes = Vec::new();
    // Names that look like those with a meaning.
    for name in [
        "sessionhandle",
        "Sub",
        "EXP",
        "Iss",
        "aud ",
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "then",
        "",
    ] {
        for value in ["null", "7", r#"{"source":"user","exp":1}"#] {
            changes.push(with(GOOD, &["further"], Part::Claims, name, value));
        }
    }
    for value in [
        "1e999",
        "-0",
        "123456789012345678901234567890",
        r#"{"a":{"b":[{"c":null}]}}"#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#"{"\ud800":1}"#,
    ] {
        changes.push(with(GOOD, &["further"], Part::Claims, "further", value));
    }
    for levels in [20, 100, 127, 128, 129, 500, 900] {
        let arrays = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let objects = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        changes.push(with(
            GOOD,
            &["nested"],
            Part::Claims,
            "nested",
            arrays.clone(),
        ));
        changes.push(with(GOOD, &["nested"], Part::Claims, "nested", objects));
        changes.push(with(
            GOOD,
            &["header nested"],
            Part::Header,
            "nested",
            arrays,
        ));
    }
    for (name, value) in [
        ("other", "[1,{}]"),
        ("ALG", r#""none""#),
        ("Crit", r#"["foo"]"#),
        ("x5t", r#""AAAA""#),
        ("x5t#S256", r#""AAAA""#),
        ("zip", r#""DEF""#),
        ("enc", r#""A128GCM""#),
        ("url", r#""https://evil.example""#),
        ("nonce", "7"),
        ("epk", "{}"),
        ("__proto__", r#"{"crit":["foo"],"b64":false}"#),
        ("iss", r#""https://evil.example""#),
        ("exp", "1"),
    ] {
        changes.push(with(GOOD, &["header further"], Part::Header, name, value));
    }
    changes
}
