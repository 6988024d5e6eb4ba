//! Header members: missing, of a wrong type, of a wrong value.

use super::{Change, Part, with, without};
use crate::{
    draft::set,
    keys::{IssuerKey, RAW_KEY_ID, Signing},
};

const WRONG_TYPES: &[&str] = &["null", "7", "true", "false", "{}", "[]", r#""""#];

pub(super) fn changes() -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(algorithm());
    changes.extend(types());
    changes.extend(key_id());
    changes.extend(extensions());
    changes.extend(foreign_keys());
    for value in [r#""JWT""#, r#""jwt""#, r#""json""#, "null", "7", r#""""#] {
        changes.push(with("cty", &["cty"], Part::Header, "cty", value));
    }
    for value in [r#""2""#, r#""3""#, r#""4""#, r#""5""#, "5", "null", "{}"] {
        changes.push(with(
            "session mark",
            &["version"],
            Part::Header,
            "version",
            value,
        ));
    }
    changes
}

/// The algorithm, with the signature that it promises and without.
fn algorithm() -> Vec<Change> {
    const ABOUT: &str = "alg";
    const TOUCHES: &[&str] = &["alg", "signature"];
    let mut changes = vec![without(ABOUT, TOUCHES, Part::Header, "alg")];
    let names = [
        r#""none""#,
        r#""None""#,
        r#""NONE""#,
        r#""nOnE""#,
        r#""rs256""#,
        r#""RS256 ""#,
        r#"" RS256""#,
        r#""RS256\u0000""#,
        r#""RS384""#,
        r#""RS512""#,
        r#""PS256""#,
        r#""PS384""#,
        r#""HS256""#,
        r#""HS512""#,
        r#""ES256""#,
        r#""EdDSA""#,
        r#""RSA-OAEP""#,
        r#""dir""#,
        r#""SHA256withRSA""#,
        r#"["RS256"]"#,
        r#"{"RS256":1}"#,
    ];
    for value in WRONG_TYPES.iter().chain(&names) {
        changes.push(with(ABOUT, TOUCHES, Part::Header, "alg", *value));
    }
    for (name, signing) in [
        ("none", Signing::Nothing),
        ("None", Signing::Nothing),
        ("", Signing::Nothing),
        ("RS256", Signing::Nothing),
        ("HS256", Signing::HmacOfPem),
        ("HS256", Signing::HmacOfDer),
        ("HS256", Signing::HmacOfModulus),
        ("RS256", Signing::HmacOfPem),
        ("PS256", Signing::Ps256),
        ("RS256", Signing::Ps256),
        ("RS384", Signing::Rs384),
        ("RS256", Signing::Rs384),
        ("RS512", Signing::Rs512),
        ("RS256", Signing::Rs512),
        ("ES256", Signing::Es256),
        ("RS256", Signing::Es256),
    ] {
        changes.push(Change::new(
            ABOUT,
            TOUCHES,
            format!("alg {name:?}, signed: {signing:?}"),
            move |draft| {
                set(&mut draft.header, "alg", &format!("{name:?}"));
                draft.signing = signing;
            },
        ));
    }
    for value in [r#""R\u0053256""#, r#""\u0052\u0053\u0032\u0035\u0036""#] {
        changes.push(with(
            "escape in the header",
            TOUCHES,
            Part::Header,
            "alg",
            value,
        ));
    }
    changes
}

fn types() -> Vec<Change> {
    const TOUCHES: &[&str] = &["typ"];
    let mut changes = vec![without("typ", TOUCHES, Part::Header, "typ")];
    let others = [
        r#""JWS""#,
        r#""JOSE""#,
        r#""at+jwt""#,
        r#""application/at+jwt""#,
        r#""dpop+jwt""#,
        r#""logout+jwt""#,
        r#""JWT ""#,
        r#""JW""#,
        r#"["JWT"]"#,
        r#""application/JWT;x=1""#,
        r#""text/jwt""#,
        r#""JWT\u0000""#,
    ];
    for value in WRONG_TYPES.iter().chain(&others) {
        changes.push(with("typ", TOUCHES, Part::Header, "typ", *value));
    }
    for value in [
        r#""jwt""#,
        r#""Jwt""#,
        r#""jWT""#,
        r#""application/jwt""#,
        r#""application/JWT""#,
        r#""APPLICATION/JWT""#,
    ] {
        changes.push(with("spelling of typ", TOUCHES, Part::Header, "typ", value));
    }
    for value in [r#""\u004aWT""#, r#""JW\u0054""#] {
        changes.push(with(
            "escape in the header",
            TOUCHES,
            Part::Header,
            "typ",
            value,
        ));
    }
    changes
}

fn key_id() -> Vec<Change> {
    const ABOUT: &str = "kid";
    const TOUCHES: &[&str] = &["kid", "signature"];
    let mut changes = vec![without(ABOUT, TOUCHES, Part::Header, "kid")];
    let quoted = |text: &str| format!("\"{text}\"");
    let mut values: Vec<_> = WRONG_TYPES
        .iter()
        .map(|value| (*value).to_owned())
        .collect();
    values.extend([
        quoted("s-unknown"),
        quoted("d-1"),
        quoted("../../../../etc/passwd"),
        quoted("/dev/null"),
        quoted("' OR 1=1 --"),
        quoted("https://evil.example/jwks.json"),
        quoted("__proto__"),
        quoted("constructor"),
        quoted("é"),
        quoted(&"k".repeat(128)),
        quoted(&"k".repeat(129)),
        quoted(&"k".repeat(1000)),
        quoted(&RAW_KEY_ID[1..]),
        quoted(&RAW_KEY_ID[..RAW_KEY_ID.len() - 1]),
        quoted(&RAW_KEY_ID.to_uppercase()),
        quoted(&format!("{RAW_KEY_ID} ")),
        quoted(&format!(" {RAW_KEY_ID}")),
        quoted(&format!(r"{RAW_KEY_ID}\u0000")),
        quoted(&format!(r"{RAW_KEY_ID}\n")),
        format!(r#"["{RAW_KEY_ID}"]"#),
        format!(r#"{{"kid":"{RAW_KEY_ID}"}}"#),
    ]);
    for value in values {
        changes.push(with(ABOUT, TOUCHES, Part::Header, "kid", value));
    }
    for key in [IssuerKey::Static, IssuerKey::Dynamic] {
        changes.push(Change::new(
            ABOUT,
            TOUCHES,
            format!("the id of the {key:?} key, signed with another"),
            move |draft| {
                draft.key = key;
                // The raw key signs what the core cannot write.
                draft.header_text.push(Box::new(move |text, keys| {
                    let text = String::from_utf8(text).expect("UTF-8");
                    text.replace(RAW_KEY_ID, keys.id(key)).into_bytes()
                }));
            },
        ));
    }
    // The first letter of the raw key's id.
    let escaped = format!(r"\u0073{}", &RAW_KEY_ID[1..]);
    changes.push(Change::new(
        "escape in the header",
        TOUCHES,
        "header kid with an escape",
        move |draft| {
            draft.key = IssuerKey::Raw;
            set(&mut draft.header, "kid", &format!("\"{escaped}\""));
        },
    ));
    changes
}

/// `crit` (RFC 7515 §4.1.11) and `b64` (RFC 7797).
fn extensions() -> Vec<Change> {
    const TOUCHES: &[&str] = &["crit", "payload text"];
    let mut changes = Vec::new();
    for value in [
        "null",
        "7",
        "true",
        "{}",
        "[]",
        r#""b64""#,
        r#"["foo"]"#,
        r#"["exp"]"#,
        r#"["alg"]"#,
        r#"["b64"]"#,
        r#"["b64","b64"]"#,
        r#"["foo","b64"]"#,
        "[7]",
        "[null]",
        r#"[""]"#,
        r#"[["b64"]]"#,
        r#"["__proto__"]"#,
        r#"["toString"]"#,
    ] {
        changes.push(with("crit", TOUCHES, Part::Header, "crit", value));
    }
    for value in [
        "true",
        "false",
        "null",
        "0",
        "1",
        r#""false""#,
        r#""true""#,
        "[]",
    ] {
        changes.push(with("b64", TOUCHES, Part::Header, "b64", value));
        changes.push(Change::new(
            "crit",
            TOUCHES,
            format!("crit [\"b64\"], b64: {value}"),
            move |draft| {
                set(&mut draft.header, "crit", r#"["b64"]"#);
                set(&mut draft.header, "b64", value);
            },
        ));
    }
    changes.push(Change::new(
        "crit",
        TOUCHES,
        "crit [\"exp\"] and the header has an exp",
        |draft| {
            set(&mut draft.header, "crit", r#"["exp"]"#);
            set(&mut draft.header, "exp", "1");
        },
    ));
    // RFC 7797: the payload stands in the token as it is, and may have no period.
    for crit in [true, false] {
        changes.push(Change::new(
            "crit",
            TOUCHES,
            format!("an unencoded payload, crit: {crit}"),
            move |draft| {
                set(&mut draft.header, "b64", "false");
                if crit {
                    set(&mut draft.header, "crit", r#"["b64"]"#);
                }
                draft.payload_segment.push(Box::new(|_, _| {
                    "{\"iat\":1795440859,\"exp\":1795444459,\"source\":\"microservice\"}".to_owned()
                }));
            },
        ));
    }
    changes
}

/// A token that brings its own key, or tells where it is.
fn foreign_keys() -> Vec<Change> {
    const ABOUT: &str = "key in the header";
    const TOUCHES: &[&str] = &["key", "signature", "header text"];
    let mut changes = Vec::new();
    for (name, value) in [
        ("jwk", "null"),
        ("jwk", "{}"),
        ("jwk", r#"{"kty":"oct","k":"AAAA"}"#),
        ("jku", r#""https://evil.example/jwks.json""#),
        ("jku", "null"),
        ("x5u", r#""https://evil.example/cert""#),
        ("x5u", "7"),
        ("x5c", r#"["MAA="]"#),
        ("x5c", "[]"),
        ("x5c", "null"),
    ] {
        changes.push(with(ABOUT, TOUCHES, Part::Header, name, value));
    }
    for (what, signing) in [
        ("the issuer's own key in the header", Signing::Good),
        (
            "a foreign key in the header, which signed",
            Signing::ForeignKey,
        ),
    ] {
        changes.push(Change::new(ABOUT, TOUCHES, what, move |draft| {
            draft.key = IssuerKey::Raw;
            draft.signing = signing;
            draft.header_text.push(Box::new(move |text, keys| {
                let key = match signing {
                    Signing::Good => keys.raw_jwk(),
                    _ => keys.foreign_jwk(),
                };
                let text = String::from_utf8(text).expect("UTF-8");
                text.replacen('{', &format!("{{\"jwk\":{key},"), 1)
                    .into_bytes()
            }));
        }));
    }
    changes
}
