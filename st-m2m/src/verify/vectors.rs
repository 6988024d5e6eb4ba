//! Public test vectors, decided by the layers that a token passes: the split, the rules of the header, the key set and
//! the signature. Rules of claims come after these, and the vectors' payloads have none.

use std::{fmt, ops::AddAssign};

use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::{AsDer, PublicKeyX509Der},
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Reason, header::Header, jws::Segments};
use crate::{
    error::KeysError,
    jwks::{Jwk, KeySet},
};

const SIGNATURES: &str =
    include_str!("../../../tests/fixtures/wycheproof/json_web_signature_test.json");
const KEYS: &str = include_str!("../../../tests/fixtures/wycheproof/json_web_key_test.json");
const STRUCTURES: &str =
    include_str!("../../../tests/fixtures/wycheproof/json_web_crypto_test.json");
const RFCS: &str = include_str!("../../../tests/fixtures/rfc/jose.json");

const ROCA: &str = "a key whose private half can be computed (ROCA, CVE-2017-15361)";

/// A file of Project Wycheproof.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wycheproof {
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    /// A JWK or a JWKS. Symmetric keys have none.
    public: Option<Value>,
    private: Option<Value>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    comment: String,
    /// Compact, or an object where it is in the JSON serialisation. JWEs have none.
    jws: Option<Value>,
    result: Expected,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Valid,
    Invalid,
}

impl Group {
    /// What an issuer would publish.
    fn key(&self) -> &Value {
        self.public
            .as_ref()
            .or(self.private.as_ref())
            .expect("a key")
    }

    fn key_set(&self) -> Result<KeySet, KeysError> {
        key_set(self.key())
    }
}

impl Test {
    /// As a request would bring it.
    fn token(&self) -> Option<String> {
        Some(match self.jws.as_ref()? {
            Value::String(compact) => compact.clone(),
            json => json.to_string(),
        })
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "test {}, {}", self.tc_id, self.comment)
    }
}

fn wycheproof(file: &str) -> Vec<Group> {
    let file: Wycheproof = serde_json::from_str(file).expect("a file of Wycheproof");
    file.test_groups
}

/// A JWK, or a JWKS, as a key set.
fn key_set(key: &Value) -> Result<KeySet, KeysError> {
    let document = if key.get("keys").is_some() {
        key.to_string()
    } else {
        json!({ "keys": [key] }).to_string()
    };
    KeySet::from_json(&document)
}

/// The reasons for which the keys of a document are not used.
fn skipped(keys: &Result<KeySet, KeysError>) -> Vec<&'static str> {
    let skipped = match keys {
        Ok(keys) => keys.skipped(),
        Err(KeysError::NoUsableKey(skipped)) => skipped,
        Err(error) => panic!("{error}"),
    };
    skipped.iter().map(|key| key.reason).collect()
}

/// Whether a token is a JWS that passes the rules of the header as `header` presents it, signed with the key that it
/// names.
fn decide(keys: &KeySet, token: &str, header: impl Fn(&str) -> String) -> Result<(), Reason> {
    let segments = Segments::split(token)?;
    let text = std::str::from_utf8(segments.header()).map_err(|_| Reason::MalformedToken)?;
    let text = header(text);
    let key_id = Header::read(&text)?.check(&["JWT"])?;
    let candidates = keys.candidates(key_id).ok_or(Reason::UnknownKey)?;
    candidates
        .as_slice()
        .iter()
        .any(|key| key.verifies(segments.signing_input, &segments.signature))
        .then_some(())
        .ok_or(Reason::BadSignature)
}

/// The vectors are JWSs rather than JWTs: none has a `typ`. All else that the header's rules demand they must have
/// themselves; with a `typ` of its own, one would now have two, and be refused.
fn with_type(header: &str) -> String {
    header.replacen('{', r#"{"typ":"JWT","#, 1)
}

/// The key id in RFC 7520. No core writes an `@`, so that a key of this name is not used, nor a token that names it.
const FOREIGN_KEY_ID: &str = "bilbo.baggins@hobbiton.example";
const KEY_ID: &str = "bilbo.baggins:hobbiton.example";

/// The same key by a name that a core could give.
fn renamed(key: &Value) -> Value {
    let mut key = key.clone();
    assert_eq!(key["kid"], FOREIGN_KEY_ID);
    key["kid"] = KEY_ID.into();
    key
}

fn with_type_and_key_id(header: &str) -> String {
    with_type(&header.replace(FOREIGN_KEY_ID, KEY_ID))
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    valid: u32,
    invalid: u32,
}

impl AddAssign<Expected> for Count {
    fn add_assign(&mut self, expected: Expected) {
        match expected {
            Expected::Valid => self.valid += 1,
            Expected::Invalid => self.invalid += 1,
        }
    }
}

/// 233 of 233.
#[test]
fn wycheproof_rs256_signatures() {
    let mut decided = Count::default();
    for group in wycheproof(SIGNATURES) {
        if group.key()["alg"] != "RS256" {
            continue;
        }
        let foreign = group.key()["kid"] == FOREIGN_KEY_ID;
        let keys = if foreign {
            assert_eq!(skipped(&group.key_set()), ["an odd kid"]);
            key_set(&renamed(group.key())).expect("usable")
        } else {
            group.key_set().expect("usable")
        };
        for test in &group.tests {
            let token = test.token().expect("a JWS");
            let verdict = decide(&keys, &token, with_type_and_key_id);
            assert_eq!(
                verdict.is_ok(),
                test.result == Expected::Valid,
                "{test}: {verdict:?}"
            );
            if test.result == Expected::Valid {
                // What is lent above is needed, and nothing else is.
                let refused = decide(&keys, &token, str::to_owned);
                assert_eq!(refused, Err(Reason::TypeNotAccepted), "{test}");
                let refused = decide(&keys, &token, with_type);
                assert_eq!(refused.is_err(), foreign, "{test}: {refused:?}");
            }
            decided += test.result;
        }
    }
    assert_eq!(
        decided,
        Count {
            valid: 8,
            invalid: 225
        }
    );
}

/// What has another algorithm is refused twice: its key is none of ours, and the header's rules run before any key is
/// looked for.
#[test]
fn wycheproof_signatures_of_other_algorithms() {
    let keys = rsa_keys();
    let mut refused = Count::default();
    let mut refused_for_their_key_alone = Vec::new();
    for group in wycheproof(SIGNATURES) {
        if group.key()["alg"] == "RS256" {
            continue;
        }
        assert!(
            matches!(group.key_set(), Err(KeysError::NoUsableKey(_))),
            "{}",
            group.key()
        );
        for test in &group.tests {
            let token = test.token().expect("a JWS");
            match decide(&keys, &token, with_type_and_key_id) {
                Err(Reason::AlgorithmNotAccepted | Reason::MalformedToken) => {}
                verdict => refused_for_their_key_alone.push((test.tc_id, verdict)),
            }
            refused += test.result;
        }
    }
    assert_eq!(
        refused_for_their_key_alone,
        [
            // "UsingRS256", with a key for PS512.
            (332, Err(Reason::UnknownKey)),
            // "rejectWrongUse" and "rejectWrongKeyOps": the key is that of our set, but published for encryption.
            (353, Ok(())),
            (355, Ok(())),
        ]
    );
    assert_eq!(
        refused,
        Count {
            valid: 38,
            invalid: 130
        }
    );
}

/// Their one group about the spelling of base64url is for HS256. The split is the same for every algorithm.
#[test]
fn wycheproof_spellings() {
    let groups = wycheproof(SIGNATURES);
    let group = groups
        .iter()
        .find(|group| group.key()["kid"] == "hs256-key")
        .expect("the group \"base64\"");
    let spelled = |id: u32| {
        let test = group.tests.iter().find(|test| test.tc_id == id);
        test.and_then(Test::token).expect("a JWS")
    };
    // Their padding was lost on the way to the file: what is left is the good token of test 357.
    let lost = [367, 370];
    for id in lost {
        assert_eq!(spelled(id), spelled(357));
    }
    for test in &group.tests {
        let refused = match Segments::split(&test.token().expect("a JWS")) {
            Ok(_) => false,
            Err(reason) => {
                assert_eq!(reason, Reason::MalformedToken, "{test}");
                true
            }
        };
        // A `?` in the header and in the payload, valid to them; to RFC 7515 section 5.2 (steps 1, 3 and 7) it is none.
        let lenient = [372, 373].contains(&test.tc_id);
        let good = test.result == Expected::Valid || lost.contains(&test.tc_id);
        assert_eq!(refused, !good || lenient, "{test}");
    }
    assert_eq!(group.tests.len(), 21);
}

/// Every wrong structure of a compact JWS, of whatever algorithm.
#[test]
fn wycheproof_structures() {
    let keys = rsa_keys();
    let mut tokens = 0;
    for group in wycheproof(STRUCTURES) {
        let is_rs256 = group.key()["kid"] == "kid-rsa-sign";
        for test in &group.tests {
            let Some(token) = test.token() else { continue };
            tokens += 1;
            let expected = match test.comment.as_str() {
                "rejectsKeyWithRocaVulnerability" => {
                    assert_eq!(skipped(&group.key_set()), [ROCA]);
                    Err(Reason::UnknownKey)
                }
                comment if is_rs256 || is_malformed(comment) => match comment {
                    "acceptsValid" => Ok(()),
                    "rejectsModifiedSignature"
                    | "rejectsMissingSignature"
                    | "rejectsModifiedPayload"
                    | "rejectsMissingPayload" => Err(Reason::BadSignature),
                    "rejectsModifiedHeader" => Err(Reason::UnknownKey),
                    _ => Err(Reason::MalformedToken),
                },
                _ => Err(Reason::AlgorithmNotAccepted),
            };
            assert_eq!(decide(&keys, &token, with_type), expected, "{test}");
        }
    }
    assert_eq!(tokens, 49);
}

/// Whether a structure is refused before its algorithm is looked at.
fn is_malformed(comment: &str) -> bool {
    comment.ends_with("Separator")
        || comment.ends_with("Separators")
        || comment.starts_with("rejectsExtra")
        || comment.starts_with("rejectsMissingHeader")
        || comment == "rejectsEmptyString"
        || comment == "rejectsValidJsonSerialization"
}

/// Each key set with the reasons for which its keys are not used. What it signs is verified by the keys that are.
#[test]
fn wycheproof_keys() {
    let mut decided = Count::default();
    for group in wycheproof(KEYS) {
        let keys = group.key_set();
        let number = group.key()["keys"].as_array().expect("a key set").len();
        for test in &group.tests {
            let token = test.token().expect("a JWS");
            let expected: &[&str] = match test.tc_id {
                5 => &[],
                6 => &["not for signatures"],
                7 => &[ROCA],
                8 => &["a modulus that is not 2048 to 4096 bits long"],
                9 => &["an odd modulus or exponent out of range"],
                // `kty` says RSA, and `alg` says ES256.
                24 => &["not for RS256"],
                // Symmetric keys and those of elliptic curves, good ones (tests 2 and 13 to 15) and bad ones: only
                // RS256 is for us.
                _ => &["not an RSA key", "not an RSA key"][..number],
            };
            assert_eq!(skipped(&keys), expected, "{test}");
            let verdict = match &keys {
                Ok(keys) => decide(keys, &token, with_type),
                Err(_) => Err(Reason::KeysUnavailable),
            };
            assert_eq!(verdict.is_ok(), test.tc_id == 5, "{test}: {verdict:?}");
            decided += test.result;
        }
    }
    assert_eq!(
        decided,
        Count {
            valid: 5,
            invalid: 21
        }
    );
}

/// The public half of every private RSA key is there; an issuer that publishes the private one is not trusted.
#[test]
fn wycheproof_private_keys() {
    let mut private_keys = 0;
    for group in wycheproof(SIGNATURES) {
        let Some(private) = &group.private else {
            continue;
        };
        if private["alg"] == "RS256" {
            private_keys += 1;
            let mut private = private.clone();
            private.as_object_mut().expect("a key").remove("key_ops");
            assert_eq!(skipped(&key_set(&private)), ["a published private key"]);
        }
    }
    assert_eq!(private_keys, 4);
}

/// The crypto library takes the key and the signature. Nothing but our own check refuses them, in PEM too.
#[test]
fn wycheproof_roca_key_in_pem() {
    let groups = wycheproof(KEYS);
    let group = groups
        .iter()
        .find(|group| group.tests[0].comment == "rejectsKeyWithRocaVulnerability")
        .expect("the group \"jws_rsa_roca_key\"");
    let key = &group.key()["keys"][0];
    let number = |member: &str| {
        let text = key[member].as_str().expect("a number");
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    };
    let components = RsaPublicKeyComponents {
        n: number("n"),
        e: number("e"),
    };
    let token = group.tests[0].token().expect("a JWS");
    let segments = Segments::split(&token).expect("three segments");
    components
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            segments.signing_input,
            &segments.signature,
        )
        .expect("its signature");
    let der: PublicKeyX509Der<'_> = components.as_der().expect("DER");
    let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_ref()));
    let refused = KeySet::from_pem(&pem).expect_err("refused").to_string();
    assert!(refused.contains(ROCA), "{refused}");
}

#[derive(Deserialize)]
struct Rfcs {
    rfc7515_a2: Example,
    rfc7517_a1: Jwks,
    rfc7520_4_1: Example,
    rfc7638_3_1: Thumbprint,
}

#[derive(Deserialize)]
struct Example {
    jwk: Value,
    jws: String,
}

#[derive(Deserialize)]
struct Jwks {
    jwks: Value,
}

#[derive(Deserialize)]
struct Thumbprint {
    jwk: Value,
    thumbprint: String,
}

fn rfcs() -> Rfcs {
    serde_json::from_str(RFCS).expect("the examples")
}

/// RFC 7515 appendix A.2: neither key nor header has a key id, which every core writes.
#[test]
fn rfc7515_appendix_a2() {
    let Example { mut jwk, jws } = rfcs().rfc7515_a2;
    assert_eq!(skipped(&key_set(&jwk)), ["without kid"]);
    jwk["kid"] = "2010-12-29".into();
    let keys = key_set(&jwk).expect("usable");
    let with_key_id = |header: &str| with_type(header).replacen('{', r#"{"kid":"2010-12-29","#, 1);
    assert_eq!(decide(&keys, &jws, with_key_id), Ok(()));
    assert_eq!(
        decide(&keys, &jws, with_type),
        Err(Reason::KeyIdNotAccepted)
    );
    is_the_only_good_signature(&keys, &jws, with_key_id);
}

/// RFC 7520 section 4.1, with the key of section 3.3.
#[test]
fn rfc7520_section_4_1() {
    let Example { jwk, jws } = rfcs().rfc7520_4_1;
    let keys = key_set(&renamed(&jwk)).expect("usable");
    is_the_only_good_signature(&keys, &jws, with_type_and_key_id);
}

/// As a document and as PEM the key verifies the token, and nothing that differs from it in one bit of the signature's
/// bytes.
fn is_the_only_good_signature(keys: &KeySet, jws: &str, header: impl Fn(&str) -> String) {
    let pem = keys.iter().next().expect("a key").to_pem().expect("PEM");
    let pinned = KeySet::from_pem(&pem).expect("usable");
    let (signed, signature) = jws.rsplit_once('.').expect("a signature");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    for keys in [keys, &pinned] {
        assert_eq!(decide(keys, jws, &header), Ok(()));
        for byte in 0..signature.len() {
            signature[byte] ^= 1 << (byte % 8);
            let other = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&signature));
            assert_eq!(decide(keys, &other, &header), Err(Reason::BadSignature));
            signature[byte] ^= 1 << (byte % 8);
        }
    }
}

/// RFC 7517 appendix A.1: a key for encryption beside ours.
#[test]
fn rfc7517_appendix_a1() {
    let keys = key_set(&rfcs().rfc7517_a1.jwks);
    assert_eq!(skipped(&keys), ["not an RSA key"]);
    let keys = keys.expect("usable");
    let ids: Vec<_> = keys.iter().map(Jwk::key_id).collect();
    assert_eq!(ids, ["2011-04-29"]);
}

/// RFC 7638 section 3.1. The thumbprint says that the key is the RFC's, and we read the very key.
#[test]
fn rfc7638_section_3_1() {
    let Thumbprint { jwk, thumbprint } = rfcs().rfc7638_3_1;
    let text = json!({"e": jwk["e"], "kty": jwk["kty"], "n": jwk["n"]}).to_string();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())),
        thumbprint
    );
    let keys = key_set(&jwk).expect("usable");
    assert!(skipped(&Ok(keys.clone())).is_empty());
    assert!(keys.candidates("2011-04-29").is_some());
    let others = key_set(&rfcs().rfc7517_a1.jwks).expect("usable");
    assert_eq!(keys.get("2011-04-29"), others.get("2011-04-29"));
}

/// The one key that the structures and the signatures share.
fn rsa_keys() -> KeySet {
    let groups = wycheproof(STRUCTURES);
    let group = groups
        .iter()
        .find(|group| group.key()["kid"] == "kid-rsa-sign");
    group
        .expect("the group \"jws_rsa\"")
        .key_set()
        .expect("usable")
}
