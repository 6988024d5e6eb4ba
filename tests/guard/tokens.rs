//! Which tokens are good: each rule with tokens that differ from a good one in that alone.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use st_m2m::{AcceptKeys, Reason, SigningKey, TokenKind};
use st_m2m_tests::{
    jwt::{self, claims as good_claims, header},
    still::{NOW, core},
    verdict::verdict,
};

use crate::{
    oauth2_clients::client_claims,
    service::{Service, config, sign, start},
};

/// The good claims with `member` changed.
fn with(member: &str, value: Value) -> Value {
    let mut claims = good_claims();
    claims[member] = value;
    claims
}

fn without(member: &str) -> Value {
    let mut claims = good_claims();
    claims.as_object_mut().expect("an object").remove(member);
    claims
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn claims() {
    use Reason::{
        ClaimMalformed, Expired, ExpiryMissing, ExpiryNotAfterIssue, IssuedAtMissing,
        IssuedInTheFuture, IssuerMissing, IssuerNotAccepted, NotBeforeMalformed, NotYetValid,
        SourceNotAccepted, WrongKind,
    };
    let service = Service::start().await;
    let good = good_claims;
    assert_eq!(verdict(&service.m2m, &service.token(&good())).await, Ok(()));
    let session = WrongKind(TokenKind::Session);
    for (claims, expected) in [
        // Good, though unusual.
        (without("sub"), Ok(())),
        (with("aud", json!("anybody")), Ok(())),
        (with("nbf", json!(NOW)), Ok(())),
        (with("exp", json!(NOW + 3_153_600_000_u64)), Ok(())),
        (with("exp", json!(NOW * 1000)), Ok(())),
        (with("exp", json!(9_007_199_254_740_991_u64)), Ok(())),
        (with("iat", json!(1.5)), Ok(())),
        (with("sessionhandle", json!("x")), Ok(())),
        // Source.
        (without("source"), Err(WrongKind(TokenKind::Other))),
        (
            with("source", json!("Microservice")),
            Err(SourceNotAccepted),
        ),
        (
            with("source", json!("microservice ")),
            Err(SourceNotAccepted),
        ),
        (
            with("source", json!(["microservice"])),
            Err(SourceNotAccepted),
        ),
        (with("source", json!(1)), Err(SourceNotAccepted)),
        (with("source", json!(null)), Err(SourceNotAccepted)),
        (with("source", json!(true)), Err(SourceNotAccepted)),
        // Issuer.
        (without("iss"), Err(IssuerMissing)),
        (with("iss", json!(null)), Err(IssuerMissing)),
        (with("iss", json!(123)), Err(IssuerMissing)),
        (
            with("iss", json!(["https://api.example.com"])),
            Err(IssuerMissing),
        ),
        (
            with("iss", json!("https://api.example.com/auth")),
            Err(IssuerNotAccepted),
        ),
        (
            with("iss", json!("https://api.example.com/")),
            Err(IssuerNotAccepted),
        ),
        (
            with("iss", json!("https://API.example.com")),
            Err(IssuerNotAccepted),
        ),
        (with("iss", json!("")), Err(IssuerNotAccepted)),
        // Dates.
        (without("exp"), Err(ExpiryMissing)),
        (with("exp", json!("tomorrow")), Err(ExpiryMissing)),
        (with("exp", json!(null)), Err(ExpiryMissing)),
        (with("exp", json!(-1)), Err(ExpiryMissing)),
        (with("exp", json!(1e300)), Err(ExpiryMissing)),
        (with("exp", json!(u64::MAX)), Err(ExpiryMissing)),
        (
            with("exp", json!(9_007_199_254_740_992_u64)),
            Err(ExpiryMissing),
        ),
        (with("exp", json!(NOW)), Err(ExpiryNotAfterIssue)),
        (
            json!({"iat": NOW - 60, "exp": NOW - 5, "iss": good()["iss"], "source": "microservice"}),
            Err(Expired),
        ),
        (without("iat"), Err(IssuedAtMissing)),
        (with("iat", json!("now")), Err(IssuedAtMissing)),
        (with("iat", json!(NOW + 6)), Err(IssuedInTheFuture)),
        (
            with("iat", json!(NOW + 315_360_000)),
            Err(ExpiryNotAfterIssue),
        ),
        (with("nbf", json!(NOW + 3600)), Err(NotYetValid)),
        (with("nbf", json!("soon")), Err(NotBeforeMalformed)),
        (with("nbf", json!(null)), Err(NotBeforeMalformed)),
        // Marks of other kinds, whatever their value.
        (with("sessionHandle", json!("x")), Err(session)),
        (with("sessionHandle", json!(null)), Err(session)),
        (with("refreshTokenHash1", json!(null)), Err(session)),
        (with("parentRefreshTokenHash1", json!(null)), Err(session)),
        (with("antiCsrfToken", json!(null)), Err(session)),
        (with("rsub", json!("user")), Err(session)),
        (with("tId", json!("public")), Err(session)),
        (with("userData", json!({})), Err(session)),
        (with("stt", json!(0)), Err(WrongKind(TokenKind::Other))),
        (with("stt", json!(null)), Err(WrongKind(TokenKind::Other))),
        (with("stt", json!("1")), Err(WrongKind(TokenKind::Other))),
        (
            with("stt", json!(1)),
            Err(WrongKind(TokenKind::OAuth2Access)),
        ),
        (with("stt", json!(2)), Err(WrongKind(TokenKind::Id))),
        // Claims that mean something to guards.
        (with("sub", json!(7)), Err(ClaimMalformed)),
        (with("sub", json!(null)), Err(ClaimMalformed)),
        (with("scope", json!(["a"])), Err(ClaimMalformed)),
        (with("scp", json!("a")), Err(ClaimMalformed)),
        (with("jti", json!("a")), Ok(())),
        (with("jti", json!(7)), Err(ClaimMalformed)),
        (with("jti", json!(null)), Err(ClaimMalformed)),
    ] {
        assert_eq!(
            verdict(&service.m2m, &service.token(&claims)).await,
            expected,
            "{claims}"
        );
    }
}

#[tokio::test]
async fn headers() {
    use Reason::{
        AlgorithmNotAccepted, HeaderNotAccepted, KeyIdNotAccepted, TypeNotAccepted, UnknownKey,
        WrongKind,
    };
    let service = Service::start().await;
    let kid = service.core.jwks().expect("keys")["keys"][1]["kid"].clone();
    for (member, value, expected) in [
        ("other", json!([1, {}]), Ok(())),
        ("alg", json!("none"), Err(AlgorithmNotAccepted)),
        ("alg", json!("HS256"), Err(AlgorithmNotAccepted)),
        ("alg", json!("PS256"), Err(AlgorithmNotAccepted)),
        ("alg", json!("RS512"), Err(AlgorithmNotAccepted)),
        ("alg", json!("rs256"), Err(AlgorithmNotAccepted)),
        ("alg", json!(null), Err(AlgorithmNotAccepted)),
        ("typ", json!("dpop+jwt"), Err(TypeNotAccepted)),
        ("typ", json!("at+jwt"), Err(TypeNotAccepted)),
        ("typ", json!("jwt"), Err(TypeNotAccepted)),
        ("typ", json!(null), Err(TypeNotAccepted)),
        ("crit", json!(["foo"]), Err(HeaderNotAccepted)),
        ("crit", json!([]), Err(HeaderNotAccepted)),
        ("b64", json!(false), Err(HeaderNotAccepted)),
        ("cty", json!("JWT"), Err(HeaderNotAccepted)),
        (
            "jwk",
            service.core.jwks().expect("keys")["keys"][0].clone(),
            Err(HeaderNotAccepted),
        ),
        (
            "jku",
            json!("https://evil.example/jwks.json"),
            Err(HeaderNotAccepted),
        ),
        (
            "x5u",
            json!("https://evil.example/cert"),
            Err(HeaderNotAccepted),
        ),
        ("x5c", json!(["MAA="]), Err(HeaderNotAccepted)),
        ("version", json!("5"), Err(WrongKind(TokenKind::Session))),
        ("version", json!(null), Err(WrongKind(TokenKind::Session))),
        ("kid", json!("s-unknown"), Err(UnknownKey)),
        ("kid", json!("../../../etc/passwd"), Err(KeyIdNotAccepted)),
        ("kid", json!("a' OR 1=1"), Err(KeyIdNotAccepted)),
        ("kid", json!(""), Err(KeyIdNotAccepted)),
        ("kid", json!("x".repeat(129)), Err(KeyIdNotAccepted)),
        ("kid", json!(7), Err(KeyIdNotAccepted)),
        ("kid", json!([kid]), Err(KeyIdNotAccepted)),
        ("kid", json!(null), Err(KeyIdNotAccepted)),
    ] {
        let mut header = header();
        header[member] = value.clone();
        let token = sign(&service.core, &header, &good_claims());
        assert_eq!(
            verdict(&service.m2m, &token).await,
            expected,
            "{member}: {value}"
        );
    }
}

/// Dates are held to the same rules in every kind of token that is accepted.
#[tokio::test]
async fn dates() {
    use Reason::{
        Expired, ExpiryMissing, ExpiryNotAfterIssue, IssuedAtMissing, IssuedInTheFuture,
        NotBeforeMalformed, NotYetValid,
    };
    let service = Service::with(|config| config.accept_oauth2_clients(true)).await;
    // Past 2^53 - 1 no date is one, however it is written.
    let no_dates = [
        json!("1"),
        json!(null),
        json!(true),
        json!([NOW]),
        json!({}),
        json!(-1),
        json!(-0.5),
        json!(i64::MIN),
        json!(1_u64 << 53),
        json!(u64::MAX),
        json!(9_007_199_254_740_992.0),
        json!(1e19),
        json!(1e300),
        json!(f64::MAX),
    ];
    let mut rows = vec![
        ("exp", json!(1_700_000_000_000_u64), Ok(())), // the year 55 840
        ("exp", json!(NOW + 100 * 365 * 86400), Ok(())),
        ("exp", json!((1_u64 << 53) - 1), Ok(())),
        ("exp", json!(9_007_199_254_740_991.0), Ok(())),
        ("exp", json!(1e15), Ok(())),
        ("exp", json!(NOW + 1), Ok(())),
        ("exp", json!(NOW), Err(ExpiryNotAfterIssue)),
        ("exp", json!(0), Err(ExpiryNotAfterIssue)),
        ("exp", json!(-0.0), Err(ExpiryNotAfterIssue)),
        ("iat", json!(0), Ok(())),
        ("iat", json!(-0.0), Ok(())),
        ("iat", json!(1e9), Ok(())),
        ("iat", json!(1_795_440_864.9), Ok(())), // NOW + 5.9: fractions are dropped
        ("iat", json!(NOW + 5), Ok(())),
        ("iat", json!(NOW + 6), Err(IssuedInTheFuture)),
        ("iat", json!(NOW + 3600), Err(ExpiryNotAfterIssue)),
        ("nbf", json!(0), Ok(())),
        ("nbf", json!(-0.0), Ok(())),
        ("nbf", json!(1.5), Ok(())),
        ("nbf", json!(NOW + 5), Ok(())),
        ("nbf", json!(NOW + 6), Err(NotYetValid)),
        ("nbf", json!((1_u64 << 53) - 1), Err(NotYetValid)),
    ];
    for (member, reason) in [
        ("exp", ExpiryMissing),
        ("iat", IssuedAtMissing),
        ("nbf", NotBeforeMalformed),
    ] {
        rows.extend(no_dates.iter().map(|it| (member, it.clone(), Err(reason))));
    }
    for good in [good_claims(), client_claims()] {
        for (member, value, expected) in &rows {
            let mut claims = good.clone();
            claims[member] = value.clone();
            assert_eq!(
                verdict(&service.m2m, &service.token(&claims)).await,
                *expected,
                "{claims}"
            );
        }
        for (member, expected) in [
            ("exp", Err(ExpiryMissing)),
            ("iat", Err(IssuedAtMissing)),
            ("nbf", Ok(())),
        ] {
            let mut claims = good.clone();
            claims.as_object_mut().expect("an object").remove(member);
            assert_eq!(
                verdict(&service.m2m, &service.token(&claims)).await,
                expected,
                "{claims}"
            );
        }
        let mut claims = good;
        claims["iat"] = json!(NOW - 60);
        for (expiry, expected) in [(NOW - 4, Ok(())), (NOW - 5, Err(Expired))] {
            claims["exp"] = json!(expiry);
            assert_eq!(
                verdict(&service.m2m, &service.token(&claims)).await,
                expected,
                "{claims}"
            );
        }
    }
}

/// A token has one spelling: whatever lenient decoders would also take is refused.
#[tokio::test]
async fn spellings() {
    let service = Service::start().await;
    let token = service.token(&good_claims());
    let segments: Vec<_> = token.split('.').collect();
    let &[header, payload, signature] = segments.as_slice() else {
        panic!("three segments")
    };
    let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    // The last character of the signature carries two bits that are no part of it.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet
        .find(signature.chars().last().expect("a character"))
        .expect("in the alphabet");
    let sibling = alphabet.chars().nth(last ^ 1).expect("a character");
    let trailing_bits = format!("{}{sibling}", &signature[..signature.len() - 1]);
    for spelling in [
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{}", URL_SAFE.encode(&bytes)),
        format!("{header}.{payload}.{}", STANDARD.encode(&bytes)),
        format!("{header}.{payload}.{trailing_bits}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{header}.{payload}.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
    ] {
        assert_eq!(
            verdict(&service.m2m, &spelling).await,
            Err(Reason::MalformedToken),
            "{spelling}"
        );
    }
    assert_eq!(verdict(&service.m2m, &token).await, Ok(()));
}

/// JSON that two readers could read differently.
#[tokio::test]
async fn ambiguous_json() {
    let service = Service::start().await;
    let kid = service.core.jwks().expect("keys")["keys"][1]["kid"]
        .as_str()
        .expect("a kid")
        .to_owned();
    let good_header = format!(r#"{{"kid":"{kid}","typ":"JWT","alg":"RS256"}}"#);
    let good = good_claims().to_string();
    for (header, payload) in [
        (
            good_header.clone(),
            good.replacen('{', r#"{"iss":"https://evil.example","#, 1),
        ),
        (
            good_header.clone(),
            good.replacen('{', r#"{"sourc\u0065":"user","#, 1),
        ),
        (
            good_header.clone(),
            good.replacen('{', r#"{"sub":"billing","#, 1),
        ),
        (good_header.clone(), format!("{good} {{}}")),
        (good_header.clone(), format!("[{good}]")),
        (good_header.clone(), format!("\u{feff}{good}")),
        (good_header.clone(), "null".to_owned()),
        (
            good_header.replacen('{', r#"{"alg":"none","#, 1),
            good.clone(),
        ),
        (
            good_header.replacen('{', r#"{"kid":"other","#, 1),
            good.clone(),
        ),
    ] {
        // The signature is not reached: what cannot be read one way is refused first.
        let token = jwt::unsigned(&header, &payload);
        assert_eq!(
            verdict(&service.m2m, &token).await,
            Err(Reason::MalformedToken),
            "{header} {payload}"
        );
    }
}

#[tokio::test]
async fn signatures() {
    let (ours, others) = (core(), core());
    let m2m = start(config(&ours)).await;
    let claims = good_claims();
    let mut named = header();
    named["kid"] = ours.jwks().expect("keys")["keys"][1]["kid"].clone();
    assert_eq!(verdict(&m2m, &sign(&ours, &named, &claims)).await, Ok(()));
    // Another core's key under our key's name.
    assert_eq!(
        verdict(&m2m, &sign(&others, &named, &claims)).await,
        Err(Reason::BadSignature)
    );
    // Our other key under this key's name.
    let token = jwt::sign(&ours, SigningKey::Dynamic, &named, &claims);
    assert_eq!(verdict(&m2m, &token).await, Err(Reason::BadSignature));
    // The public key as an HMAC secret is no algorithm of ours.
    let mut hmac = named.clone();
    hmac["alg"] = json!("HS256");
    assert_eq!(
        verdict(&m2m, &sign(&ours, &hmac, &claims)).await,
        Err(Reason::AlgorithmNotAccepted)
    );
    // Somebody else's claims under a good signature.
    let good = sign(&ours, &named, &claims);
    let mut admin = claims.clone();
    admin["sub"] = json!("admin");
    let segments: Vec<_> = good.split('.').collect();
    let swapped = format!(
        "{}.{}.{}",
        segments[0],
        URL_SAFE_NO_PAD.encode(admin.to_string()),
        segments[2]
    );
    assert_eq!(verdict(&m2m, &swapped).await, Err(Reason::BadSignature));
    for signature in [&b""[..], b"short", &[0; 256], &[255; 256], &[1; 257]] {
        let token = format!(
            "{}.{}.{}",
            segments[0],
            segments[1],
            URL_SAFE_NO_PAD.encode(signature)
        );
        assert_eq!(
            verdict(&m2m, &token).await,
            Err(Reason::BadSignature),
            "{}",
            signature.len()
        );
    }
}

#[tokio::test]
async fn options_of_the_receiver() {
    let core = core();
    let claims = good_claims();
    let fixed = sign(&core, &header(), &claims);
    let rotating = jwt::sign(&core, SigningKey::Dynamic, &header(), &claims);

    let m2m = start(config(&core).accept_keys(AcceptKeys::StaticOnly)).await;
    assert_eq!(verdict(&m2m, &fixed).await, Ok(()));
    assert_eq!(
        verdict(&m2m, &rotating).await,
        Err(Reason::DynamicKeyNotAccepted)
    );

    let m2m =
        start(config(&core).issuers(["https://other.example", "https://api.example.com"])).await;
    assert_eq!(verdict(&m2m, &fixed).await, Ok(()));
    let m2m = start(config(&core).issuers(["https://other.example"])).await;
    assert_eq!(verdict(&m2m, &fixed).await, Err(Reason::IssuerNotAccepted));

    let second = std::time::Duration::from_secs(1);
    let m2m = start(
        config(&core)
            .max_token_age(60 * second)
            .leeway(std::time::Duration::ZERO),
    )
    .await;
    for (age, expected) in [(60, Ok(())), (61, Err(Reason::TooOld))] {
        let token = sign(&core, &header(), &with("iat", json!(NOW - age)));
        assert_eq!(verdict(&m2m, &token).await, expected, "{age}");
    }
    let m2m = start(config(&core).leeway(60 * second)).await;
    for (late, expected) in [(59, Ok(())), (60, Err(Reason::Expired))] {
        let mut claims = with("iat", json!(NOW - 600));
        claims["exp"] = json!(NOW - late);
        assert_eq!(
            verdict(&m2m, &sign(&core, &header(), &claims)).await,
            expected,
            "{late}"
        );
    }
}

/// Cut anywhere, a token is refused and nothing panics.
#[tokio::test]
async fn fragments() {
    let service = Service::start().await;
    let token = service.token(&good_claims());
    for end in 1..token.len() {
        assert!(verdict(&service.m2m, &token[..end]).await.is_err(), "{end}");
    }
    let huge = format!("{}.{}", &token, "A".repeat(8 * 1024));
    assert_eq!(
        verdict(&service.m2m, &huge).await,
        Err(Reason::TokenTooLong)
    );
}
