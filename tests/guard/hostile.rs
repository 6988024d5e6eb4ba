//! The tokens and keys that verifiers get wrong, as one table: what each row is called, what a verifier should do, and what
//! ours does behind a real router.
//!
//! Every token here is well signed unless its row is about the signature, so nothing but the rule in question refuses it.
//! The first part holds 19 cases that were tried with jsonwebtoken, jose, aws-jwt-verify and `PyJWT`, all of which accept
//! some; the second part holds the attacks on JOSE itself.

use std::{collections::BTreeSet, time::Duration};

use aws_lc_rs::{
    hmac,
    signature::{
        RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
        RSA_PSS_SHA256, RsaPublicKeyComponents,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use st_m2m::{
    JwksSource,
    Reason::{
        self, AlgorithmNotAccepted, AudienceNotAccepted, BadSignature, ClaimMalformed,
        ExpiryMissing, ExpiryNotAfterIssue, HeaderNotAccepted, IssuedInTheFuture, IssuerMissing,
        KeyIdNotAccepted, KeyUnconfirmed, MalformedAuthorizationHeader, MalformedToken,
        NotYetValid, SourceNotAccepted, TokenTooLong, TypeNotAccepted, UnknownKey, WrongKind,
    },
    TokenKind,
    jwks::KeySet,
};
use st_m2m_tests::{
    jwt,
    still::{self, NOW},
    transport::{Reply, Scripted},
    verdict::verdict,
};

use crate::{service::Service, signer::Signer};

const AUDIENCE: &str = "me";
const SHORT_KEY: &str = include_str!("../fixtures/rsa_1024/token.json");

/// A row of the table.
struct Row<'s> {
    case: &'static str,
    /// What a verifier should do.
    goal: &'static str,
    attempts: Vec<Attempt<'s>>,
}

struct Attempt<'s> {
    receiver: &'s Service,
    token: String,
    expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    LetIn,
    Refused(u16, Reason),
}

impl<'s> Row<'s> {
    fn new(case: &'static str, goal: &'static str) -> Self {
        Self {
            case,
            goal,
            attempts: Vec::new(),
        }
    }

    fn lets_in(mut self, receiver: &'s Service, token: String) -> Self {
        self.attempts.push(Attempt {
            receiver,
            token,
            expected: Expected::LetIn,
        });
        self
    }

    fn refuses(
        mut self,
        receiver: &'s Service,
        status: u16,
        reason: Reason,
        tokens: impl IntoIterator<Item = String>,
    ) -> Self {
        let expected = Expected::Refused(status, reason);
        self.attempts
            .extend(tokens.into_iter().map(|token| Attempt {
                receiver,
                token,
                expected,
            }));
        self
    }
}

/// The receivers under attack. All accept the issuer of [`jwt::claims`] and tokens for [`AUDIENCE`].
struct Receivers {
    /// With the keys of a core and of a signer.
    usual: Service,
    /// With the signer's key as old cores wrote it: a leading zero byte, and padding.
    leading_zero: Service,
    padded: Service,
    /// With a key of 1024 bits beside the signer's.
    short_key: Service,
    /// With the signer's key without `alg`, and with that of another algorithm.
    without_algorithm: Service,
    other_algorithm: Service,
}

impl Receivers {
    async fn start() -> Self {
        let key = Signer::shared().jwk();
        let modulus = Signer::shared().modulus();
        let with = |member: &str, value: Value| {
            let mut key = key.clone();
            key[member] = value;
            key
        };
        let mut without_algorithm = key.clone();
        without_algorithm
            .as_object_mut()
            .expect("a key")
            .remove("alg");
        let signed = [&[0], &modulus[..]].concat();
        let old = json!({
            "kty": "RSA", "kid": key["kid"], "n": URL_SAFE.encode(&signed), "e": "AQAB", "alg": "RS256", "use": "sig",
        });
        let core = core_keys();
        Self {
            usual: receiver(&[&core[..], std::slice::from_ref(&key)].concat()).await,
            leading_zero: receiver(&[with("n", URL_SAFE_NO_PAD.encode(&signed).into())]).await,
            padded: receiver(&[old]).await,
            short_key: receiver(&[short_key().0, key.clone()]).await,
            without_algorithm: receiver(&[without_algorithm]).await,
            other_algorithm: receiver(&[&core[..], &[with("alg", "PS256".into())]].concat()).await,
        }
    }

    /// Those that can verify what the signer signs.
    fn with_the_key(&self) -> [&Service; 5] {
        [
            &self.usual,
            &self.leading_zero,
            &self.padded,
            &self.short_key,
            &self.without_algorithm,
        ]
    }
}

async fn receiver(keys: &[Value]) -> Service {
    let document = json!({ "keys": keys }).to_string();
    Service::with(|config| {
        config
            .jwks(JwksSource::Document(document))
            .audience(AUDIENCE)
    })
    .await
}

fn core_keys() -> Vec<Value> {
    let jwks = still::shared_core().jwks().expect("keys");
    jwks["keys"].as_array().cloned().expect("keys")
}

/// A key of 1024 bits, and a token that it signed.
fn short_key() -> (Value, String) {
    let file: Value = serde_json::from_str(SHORT_KEY).expect("JSON");
    let token = file["token"].as_str().expect("a token").to_owned();
    (file["jwk"].clone(), token)
}

fn header() -> Value {
    let mut header = jwt::header();
    header["kid"] = Signer::shared().key_id().into();
    header
}

fn claims() -> Value {
    let mut claims = jwt::claims();
    claims["aud"] = AUDIENCE.into();
    claims
}

/// A token of these texts.
#[expect(
    clippy::needless_pass_by_value,
    reason = "most calls make what they pass"
)]
fn texts(header: impl ToString, claims: impl ToString) -> String {
    Signer::shared().token(&header.to_string(), &claims.to_string())
}

fn good() -> String {
    texts(header(), claims())
}

/// A token with a claim of this value, or without that claim.
fn claim(name: &str, value: impl Into<Option<Value>>) -> String {
    texts(header(), changed(claims(), name, value.into()))
}

/// A token with a header member of this value, or without that member.
fn member(name: &str, value: impl Into<Option<Value>>) -> String {
    texts(changed(header(), name, value.into()), claims())
}

fn changed(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().expect("an object");
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}

/// The text of an object with `name` twice: `other` before the good value, or after it.
fn twice(object: &Value, name: &str, other: &str) -> [String; 2] {
    let text = object.to_string();
    let before = text.replacen('{', &format!(r#"{{"{name}":{other},"#), 1);
    let after = format!(r#"{},"{name}":{other}}}"#, &text[..text.len() - 1]);
    [before, after]
}

/// No wrong accepts, no false rejects, and each refusal with its status and for its reason.
#[tokio::test(start_paused = true)]
async fn every_hostile_token_is_refused_and_every_good_one_is_let_in() {
    let receivers = Receivers::start().await;
    let (hostile, attacks) = (hostile_tokens(&receivers), attacks(&receivers));
    assert_eq!((hostile.len(), attacks.len()), (19, 10));
    let mut names = BTreeSet::new();
    let (mut wrong_accepts, mut false_rejects, mut other_reasons) = (vec![], vec![], vec![]);
    for row in hostile.iter().chain(&attacks) {
        assert!(names.insert(row.case), "{}", row.case);
        assert!(!row.attempts.is_empty(), "{}", row.case);
        for attempt in &row.attempts {
            let answer = attempt.receiver.call("/any", &attempt.token).await;
            let reason = verdict(&attempt.receiver.m2m, &attempt.token).await;
            let got = match reason {
                Ok(()) => Expected::LetIn,
                Err(reason) => Expected::Refused(answer.status.as_u16(), reason),
            };
            let line = format!(
                "{} ({}): {got:?}, expected {:?}: {}",
                row.case, row.goal, attempt.expected, attempt.token
            );
            assert_eq!(answer.status == 200, reason.is_ok(), "{line}");
            match (got, attempt.expected) {
                (got, expected) if got == expected => {}
                (Expected::LetIn, _) => wrong_accepts.push(line),
                (_, Expected::LetIn) => false_rejects.push(line),
                _ => other_reasons.push(line),
            }
        }
    }
    let none: Vec<String> = vec![];
    assert_eq!(wrong_accepts, none, "wrong accepts");
    assert_eq!(false_rejects, none, "false rejects");
    assert_eq!(other_reasons, none, "refused, but for other reasons");
    // Nothing of all this made anybody deaf to good tokens.
    for receiver in receivers.with_the_key() {
        assert_eq!(receiver.call("/any", &good()).await.status, 200);
    }
}

/// The 19 cases, in the order of the comparison.
fn hostile_tokens(receivers: &Receivers) -> Vec<Row<'_>> {
    let usual = &receivers.usual;
    let ours = jwt::ISSUER;
    let reject = |case, reason, tokens: Vec<String>| {
        Row::new(case, "reject").refuses(usual, 401, reason, tokens)
    };
    vec![
        reject("iss missing", IssuerMissing, vec![claim("iss", None)]),
        reject("iss 123", IssuerMissing, vec![claim("iss", json!(123))]),
        reject(
            "iss array containing ours",
            IssuerMissing,
            vec![
                claim("iss", json!([ours])),
                claim("iss", json!(["https://evil.example", ours])),
            ],
        ),
        // A good token of a service, only not for us: 403.
        Row::new("aud missing", "reject").refuses(
            usual,
            403,
            AudienceNotAccepted,
            [claim("aud", None)],
        ),
        reject("aud number", ClaimMalformed, vec![claim("aud", json!(5))]),
        reject("exp missing", ExpiryMissing, vec![claim("exp", None)]),
        reject(
            "exp 1e300 / string",
            ExpiryMissing,
            vec![
                claim("exp", json!(1e300)),
                claim("exp", json!((NOW + 3600).to_string())),
            ],
        ),
        reject(
            "exp u64::MAX",
            ExpiryMissing,
            vec![claim("exp", json!(u64::MAX))],
        ),
        reject(
            "nbf +1 h",
            NotYetValid,
            vec![claim("nbf", json!(NOW + 3600))],
        ),
        reject("iat +10 years", IssuedInTheFuture, {
            let later = NOW + 10 * 365 * 86_400;
            let future = changed(claims(), "iat", Some(json!(later)));
            vec![texts(
                header(),
                changed(future, "exp", Some(json!(later + 3600))),
            )]
        }),
        reject(
            "crit [\"foo\"]",
            HeaderNotAccepted,
            vec![member("crit", json!(["foo"]))],
        ),
        reject("crit [\"b64\"], b64:false", HeaderNotAccepted, {
            let critical = changed(header(), "crit", Some(json!(["b64"])));
            vec![texts(
                changed(critical, "b64", Some(json!(false))),
                claims(),
            )]
        }),
        reject(
            "typ \"dpop+jwt\"",
            TypeNotAccepted,
            vec![member("typ", json!("dpop+jwt"))],
        ),
        reject(
            "duplicate iss member",
            MalformedToken,
            twice(&claims(), "iss", r#""https://evil.example""#)
                .map(|payload| texts(header(), payload))
                .into(),
        ),
        reject(
            "signature + \"==\"",
            MalformedToken,
            vec![format!("{}==", good())],
        ),
        Row::new("RSA-1024 key", "reject").refuses(
            &receivers.short_key,
            401,
            UnknownKey,
            [short_key().1],
        ),
        Row::new("JWK n with 0x00 lead", "accept").lets_in(&receivers.leading_zero, good()),
        Row::new("JWK n padded \"=\"", "accept").lets_in(&receivers.padded, good()),
        session_tokens(usual),
    ]
}

/// Sessions are signed by the keys that sign service tokens, and may carry any claim.
fn session_tokens(usual: &Service) -> Row<'_> {
    let session = |claims: Value| {
        let Value::Object(claims) = claims else {
            unreachable!("an object")
        };
        usual
            .core
            .create_session("user-1", claims)
            .expect("a session")
    };
    Row::new("session token on an m2m route (same JWKS)", "reject").refuses(
        usual,
        401,
        WrongKind(TokenKind::Session),
        [
            session(Value::Object(Map::new())),
            session(json!({"source": "microservice", "iss": jwt::ISSUER, "aud": AUDIENCE})),
        ],
    )
}

/// The attacks on JOSE itself but the flood of key ids, which [`a_flood_of_key_ids`] is about.
fn attacks(receivers: &Receivers) -> Vec<Row<'_>> {
    vec![
        other_algorithms(&receivers.usual),
        own_keys(&receivers.usual),
        Row::new("crit header", "reject any").refuses(
            &receivers.usual,
            401,
            HeaderNotAccepted,
            [
                json!([]),
                json!(["exp"]),
                json!("exp"),
                json!(null),
                json!({}),
            ]
            .map(|value| member("crit", value)),
        ),
        Row::new("b64:false", "reject").refuses(
            &receivers.usual,
            401,
            HeaderNotAccepted,
            [json!(false), json!(true), json!(null)].map(|value| member("b64", value)),
        ),
        key_ids(&receivers.usual),
        keys_without_algorithm(receivers),
        oversize(&receivers.usual),
        duplicates(&receivers.usual),
        spellings(&receivers.usual),
        nested(&receivers.usual),
    ]
}

fn other_algorithms(usual: &Service) -> Row<'_> {
    let of = |algorithm: &str| changed(header(), "alg", Some(algorithm.into())).to_string();
    let [none, hs256] = [of("none"), of("HS256")].map(|it| URL_SAFE_NO_PAD.encode(it));
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    let jwk = Signer::shared().jwk();
    let document = json!({"keys": [jwk]}).to_string();
    let keys = KeySet::from_json(&document).expect("keys");
    let pem = keys.iter().next().expect("a key").to_pem().expect("PEM");
    let confused = [
        pem.trim_end().as_bytes(),
        pem.as_bytes(),
        document.as_bytes(),
        jwk.to_string().as_bytes(),
        &Signer::shared().modulus(),
        b"",
    ]
    .map(|secret| {
        let signed = format!("{hs256}.{payload}");
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            signed.as_bytes(),
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    });
    let spelled = ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 "];
    Row::new(
        "alg:none, HS256 with the public key",
        "allow-list = [RS256] from config, never from the token",
    )
    .refuses(
        usual,
        401,
        AlgorithmNotAccepted,
        [format!("{none}.{payload}.")],
    )
    .refuses(usual, 401, AlgorithmNotAccepted, confused)
    .refuses(
        usual,
        401,
        AlgorithmNotAccepted,
        spelled.map(|it| texts(of(it), claims())),
    )
    .refuses(
        usual,
        401,
        AlgorithmNotAccepted,
        [member("alg", None), member("alg", json!(["RS256"]))],
    )
    // With three segments but no signature, and with two.
    .refuses(
        usual,
        401,
        BadSignature,
        [format!(
            "{}.{payload}.",
            URL_SAFE_NO_PAD.encode(header().to_string())
        )],
    )
    .refuses(usual, 401, MalformedToken, [format!("{none}.{payload}")])
}

/// Keys that a token brings along: the attacker's, with the attacker's signature, and with the good one.
fn own_keys(usual: &Service) -> Row<'_> {
    let attacker = Signer::new("s-signer");
    let mut row = Row::new("jwk, jku, x5u, x5c header", "ignore; optionally reject");
    for (name, value) in [
        ("jwk", attacker.jwk()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("x5c", json!([STANDARD.encode(b"a certificate")])),
    ] {
        let header = changed(header(), name, Some(value)).to_string();
        let forged = attacker.token(&header, &claims().to_string());
        row = row.refuses(
            usual,
            401,
            HeaderNotAccepted,
            [forged, texts(header, claims())],
        );
    }
    let forged = attacker.token(&header().to_string(), &claims().to_string());
    row.refuses(usual, 401, BadSignature, [forged])
}

fn key_ids(usual: &Service) -> Row<'_> {
    let of_the_core = core_keys()
        .into_iter()
        .map(|key| member("kid", key["kid"].clone()));
    let escaped = header()
        .to_string()
        .replacen("s-signer", r"\u0073-signer", 1);
    let odd = [
        json!("../../../etc/passwd"),
        json!("https://evil.example/key"),
        json!("s-signer' OR '1'='1"),
        json!("s-signer\0"),
        json!(" s-signer"),
        json!("s-signer\n"),
        json!("s-sïgner"),
        json!("s-signer?kid=other"),
        json!("%73-signer"),
        json!(""),
        json!("k".repeat(129)),
        json!("k".repeat(4000)),
        json!(1),
        json!(["s-signer"]),
        json!({"s-signer": 1}),
        json!(null),
    ];
    Row::new(
        "kid spoofing / traversal / huge kid",
        "bounded length, charset `[A-Za-z0-9._:-]`, exact match, never used in a URL or query",
    )
    .refuses(usual, 401, BadSignature, of_the_core)
    .refuses(
        usual,
        401,
        UnknownKey,
        ["S-SIGNER", "s-signer.", "s-signe", "__proto__", "..", "0"]
            .map(|kid| member("kid", json!(kid))),
    )
    .refuses(
        usual,
        401,
        KeyIdNotAccepted,
        odd.map(|kid| member("kid", kid)),
    )
    .refuses(
        usual,
        401,
        KeyIdNotAccepted,
        [member("kid", None), texts(escaped, claims())],
    )
}

fn keys_without_algorithm(receivers: &Receivers) -> Row<'_> {
    let signed = |algorithm: &str, by| {
        let header = changed(header(), "alg", Some(algorithm.into())).to_string();
        let [header, payload] = [header, claims().to_string()].map(|it| URL_SAFE_NO_PAD.encode(it));
        let signed = format!("{header}.{payload}");
        let signature = Signer::shared().sign_by(by, &signed);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let without = &receivers.without_algorithm;
    Row::new(
        "key without alg used for PS256/RS512",
        "require JWK alg absent or RS256; token RS256",
    )
    .lets_in(without, good())
    .refuses(
        without,
        401,
        AlgorithmNotAccepted,
        [
            signed("PS256", &RSA_PSS_SHA256),
            signed("RS384", &RSA_PKCS1_SHA384),
            signed("RS512", &RSA_PKCS1_SHA512),
        ],
    )
    .refuses(
        without,
        401,
        BadSignature,
        [
            signed("RS256", &RSA_PSS_SHA256),
            signed("RS256", &RSA_PKCS1_SHA384),
            signed("RS256", &RSA_PKCS1_SHA512),
        ],
    )
    .refuses(&receivers.other_algorithm, 401, UnknownKey, [good()])
    .refuses(
        &receivers.other_algorithm,
        401,
        AlgorithmNotAccepted,
        [signed("PS256", &RSA_PSS_SHA256)],
    )
}

/// The longest token that is read, and one that is a byte longer.
fn oversize(usual: &Service) -> Row<'_> {
    const MOST: usize = 8 * 1024;
    const SIGNATURE: usize = 342;
    let padded = |object: Value, length: usize| {
        let pad = "x".repeat(length);
        changed(object, "pad", Some(pad.into())).to_string()
    };
    let shortest = [header(), claims()].map(|it| padded(it, 0).len());
    let encoded = |bytes: usize| (bytes * 4).div_ceil(3);
    let of_length = |length: usize| {
        let (more, most) = (0..3)
            .flat_map(|more| (0..MOST).map(move |most| (more, most)))
            .find(|(more, most)| {
                let segments = encoded(shortest[0] + more) + encoded(shortest[1] + most);
                segments + SIGNATURE + 2 == length
            })
            .expect("such a length");
        let token = texts(padded(header(), more), padded(claims(), most));
        assert_eq!(token.len(), length);
        token
    };
    Row::new("oversize token", "cap before decoding")
        .lets_in(usual, of_length(MOST))
        .refuses(
            usual,
            401,
            TokenTooLong,
            [of_length(MOST + 1), "x".repeat(12_000)],
        )
}

fn duplicates(usual: &Service) -> Row<'_> {
    let headers = [
        ("alg", r#""none""#),
        ("alg", r#""RS256""#),
        (r"\u0061lg", r#""none""#),
        ("typ", r#""JWT""#),
        ("kid", r#""s-other""#),
    ];
    let claim_values = [
        ("iss", r#""https://evil.example""#),
        (r"is\u0073", r#""https://evil.example""#),
        ("aud", r#""somebody""#),
        ("sub", r#""billing""#),
        ("exp", "9007199254740991"),
        ("iat", "0"),
        ("source", r#""user""#),
        ("source", r#""microservice""#),
    ];
    // Members that a good token lacks, twice.
    let added = [
        ("nbf", "0"),
        ("scope", r#""admin""#),
        ("scp", "[]"),
        ("tId", "null"),
        ("stt", "1"),
    ];
    Row::new(
        "duplicate JSON members",
        "reject duplicates in header and registered claims",
    )
    .refuses(
        usual,
        401,
        MalformedToken,
        headers
            .iter()
            .flat_map(|(name, other)| twice(&header(), name, other))
            .map(|header| texts(header, claims())),
    )
    .refuses(
        usual,
        401,
        MalformedToken,
        claim_values
            .iter()
            .flat_map(|(name, other)| twice(&claims(), name, other))
            .map(|payload| texts(header(), payload)),
    )
    .refuses(
        usual,
        401,
        MalformedToken,
        added.map(|(name, value)| {
            let once = changed(
                claims(),
                name,
                Some(serde_json::from_str(value).expect("JSON")),
            );
            let [twice, _] = twice(&once, name, value);
            texts(header(), twice)
        }),
    )
    .refuses(
        usual,
        401,
        MalformedToken,
        [
            texts(twice_critical(), claims()),
            texts(header(), format!("{} {{}}", claims())),
        ],
    )
}

fn twice_critical() -> String {
    let [header, _] = twice(&changed(header(), "crit", Some(json!([]))), "crit", "[]");
    header
}

/// Signed as they are spelled, but for the signature itself.
fn spellings(usual: &Service) -> Row<'_> {
    // A text whose base64 has padding, and a character in which the alphabets differ.
    let odd = |object: &Value| {
        let texts =
            (0..64).map(|pad| changed(object.clone(), "pad", Some("ÿ?>".repeat(pad).into())));
        texts
            .map(|it| it.to_string())
            .find(|it| it.len() % 3 == 1 && URL_SAFE.encode(it).contains(['-', '_']))
            .expect("such a text")
    };
    let (header, payload) = (odd(&header()), odd(&claims()));
    let canonical = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let lenient = |text: &str| {
        let canonical = canonical(text);
        let (start, last) = canonical.split_at(canonical.len() - 1);
        // With one byte in the last group, the last character is one of four with the lowest four bits 0.
        let next = char::from(last.as_bytes()[0] + 1);
        [
            URL_SAFE.encode(text),
            STANDARD.encode(text),
            STANDARD_NO_PAD.encode(text),
            format!("{canonical}="),
            format!("{start}{next}"),
            format!("{canonical}~"),
        ]
    };
    let issuer = Signer::shared();
    let good = issuer.jws(&canonical(&header), &canonical(&payload));
    let (signed, signature) = good.rsplit_once('.').expect("a signature");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let headers = lenient(&header).map(|it| issuer.jws(&it, &canonical(&payload)));
    let payloads = lenient(&payload).map(|it| issuer.jws(&canonical(&header), &it));
    let signatures = [URL_SAFE.encode(&signature), STANDARD.encode(&signature)];
    let signatures = signatures.map(|it| format!("{signed}.{it}"));
    let segments = [
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{good}"),
        format!("{signed}.."),
    ];
    Row::new(
        "non-canonical base64 in signature/segments",
        "strict base64url without padding",
    )
    .lets_in(usual, good.clone())
    .refuses(usual, 401, MalformedToken, headers)
    .refuses(usual, 401, MalformedToken, payloads)
    .refuses(usual, 401, MalformedToken, signatures)
    .refuses(usual, 401, MalformedToken, segments)
    .refuses(
        usual,
        401,
        MalformedAuthorizationHeader,
        [
            format!("{good} "),
            good.replacen('.', " .", 1),
            format!("{good},"),
        ],
    )
}

fn nested(usual: &Service) -> Row<'_> {
    Row::new("nested JWT / cty", "reject cty:\"JWT\"")
        .refuses(
            usual,
            401,
            HeaderNotAccepted,
            ["JWT", "jwt", "json"].map(|value| member("cty", json!(value))),
        )
        .refuses(usual, 401, HeaderNotAccepted, {
            let nested = changed(header(), "cty", Some("JWT".into()));
            [texts(nested, claims())]
        })
        .refuses(
            usual,
            401,
            MalformedToken,
            [texts(header(), good()), texts(header(), json!(good()))],
        )
}

/// The tokens of the row "RSA-1024 key" fail for the key's length alone.
#[test]
fn the_short_key_did_sign() {
    let (key, token) = short_key();
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let number = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let key = RsaPublicKeyComponents {
        n: number(key["n"].as_str().expect("n")),
        e: number(key["e"].as_str().expect("e")),
    };
    assert_eq!(key.n.len(), 128);
    let signature = number(signature);
    key.verify(
        &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        signed.as_bytes(),
        &signature,
    )
    .expect("its signature");
    let (header, payload) = jwt::decode(&token);
    assert_eq!(payload, claims());
    assert_eq!(
        header,
        changed(self::header(), "kid", Some("s-rsa-1024".into()))
    );
}

/// The row "kid flood": invented key ids, ten a second for a minute, each in a token that is good otherwise. They cause no
/// more than eight fetches, tokens that cannot be good cause none, and good tokens are let in all the while.
#[tokio::test(start_paused = true)]
async fn a_flood_of_key_ids() {
    let document = json!({"keys": [Signer::shared().jwk()]}).to_string();
    let network = Scripted::new(move |_| Reply::text(200, document.clone()));
    let transport = network.shared();
    let usual = Service::with(|config| {
        config
            .jwks(JwksSource::Sdk)
            .transport(transport)
            .audience(AUDIENCE)
    })
    .await;
    let flood = |number: usize| changed(header(), "kid", Some(format!("s-{number}").into()));
    for (token, reason) in [
        ("a.b.c".to_owned(), MalformedToken),
        (
            texts(changed(flood(0), "typ", None), claims()),
            TypeNotAccepted,
        ),
        (
            texts(flood(1), changed(claims(), "source", Some("user".into()))),
            SourceNotAccepted,
        ),
        (
            texts(flood(2), changed(claims(), "exp", Some(json!(NOW)))),
            ExpiryNotAfterIssue,
        ),
        (
            texts(flood(3), changed(claims(), "iss", None)),
            IssuerMissing,
        ),
    ] {
        assert_eq!(usual.call("/any", &token).await.status, 401, "{reason:?}");
        assert_eq!(verdict(&usual.m2m, &token).await, Err(reason));
    }
    assert!(network.sent().is_empty());

    let good = good();
    for number in 0..600 {
        let token = texts(flood(number), claims());
        let status = usual.call("/any", &token).await.status.as_u16();
        match verdict(&usual.m2m, &token).await {
            Err(UnknownKey | KeyUnconfirmed) => {}
            other => panic!("{other:?}"),
        }
        assert!([401, 503].contains(&status), "{status}");
        assert_eq!(usual.call("/any", &good).await.status, 200);
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert!(network.sent().len() <= 8, "{}", network.sent().len());
}
