//! Where keys come from, and what is made of odd ones.

use std::time::Duration;

use serde_json::{Value, json};
use st_m2m::{
    Config, JwksSource, M2m, Reason, SigningKey, dev::DevCore, error::KeysError, jwks::KeySet,
};
use st_m2m_tests::{
    jwt::{self, ISSUER},
    still::{self, core},
    transport::{Reply, Scripted},
    verdict::verdict,
};

fn token(core: &DevCore, key: SigningKey) -> String {
    jwt::sign(core, key, &jwt::header(), &jwt::claims())
}

async fn receiver(keys: JwksSource, network: &Scripted) -> M2m {
    let config = Config::builder()
        .api_domain(ISSUER)
        .jwks(keys)
        .clock(still::clock())
        .transport(network.shared())
        .build()
        .expect("a configuration");
    M2m::start(config).await.expect("started")
}

fn nobody() -> Scripted {
    Scripted::new(|_| Reply::refused())
}

#[tokio::test]
async fn documents_and_pem_need_no_network() {
    let core = core();
    let (fixed, rotating) = (
        token(&core, SigningKey::Static),
        token(&core, SigningKey::Dynamic),
    );
    let network = nobody();

    let m2m = receiver(
        JwksSource::Document(core.jwks().expect("keys").to_string()),
        &network,
    )
    .await;
    assert_eq!(verdict(&m2m, &fixed).await, Ok(()));
    assert_eq!(verdict(&m2m, &rotating).await, Ok(()));

    // What SuperTokens' guide does by hand: the static key, pinned as PEM.
    let keys = m2m.key_set().await.expect("keys");
    let pem = keys
        .static_keys()
        .next()
        .expect("a static key")
        .to_pem()
        .expect("PEM");
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    let pinned = receiver(JwksSource::Pem(pem), &network).await;
    assert_eq!(verdict(&pinned, &fixed).await, Ok(()));
    assert_eq!(verdict(&pinned, &rotating).await, Err(Reason::BadSignature));
    assert!(network.sent().is_empty());
}

#[tokio::test]
async fn keys_are_fetched_once_and_a_known_key_answers_at_the_first_poll() {
    let core = core();
    let jwks = core.jwks().expect("keys").to_string();
    let network = Scripted::new(move |_| Reply::text(200, jwks.clone()));
    let m2m = receiver(JwksSource::Sdk, &network).await;
    let token = token(&core, SigningKey::Static);
    for _ in 0..10 {
        assert_eq!(verdict(&m2m, &token).await, Ok(()));
    }
    assert_eq!(network.sent().len(), 1);
    assert_eq!(
        network.sent()[0].uri(),
        "https://api.example.com/auth/jwt/jwks.json"
    );

    let mut verification = std::pin::pin!(verdict(&m2m, &token));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(verification.as_mut().poll(&mut context).is_ready());
}

#[tokio::test]
async fn what_is_no_key_set_leaves_the_service_shut_but_does_not_say_so_to_callers() {
    let token = token(&core(), SigningKey::Static);
    let large = format!(r#"{{"keys":[],"pad":"{}"}}"#, "x".repeat(1024 * 1024));
    let answers = [
        (200, "", "not JSON"),
        (200, "not json", "not JSON"),
        (
            200,
            r#"{"status":"GENERAL_ERROR","message":"no"}"#,
            "no array `keys`",
        ),
        (200, r#"{"keys":[]}"#, "no usable key"),
        (200, r#"{"keys":{}}"#, "no array `keys`"),
        (
            200,
            r#"{"keys":[{"kty":"EC","kid":"e"}]}"#,
            "e (not an RSA key)",
        ),
        (200, large.as_str(), "larger than 1"),
        (404, r#"{"keys":[]}"#, "status 404"),
        (302, "", "status 302"),
        (500, "down", "status 500"),
    ];
    for (status, body, problem) in answers {
        let url = "https://keys.example/jwks";
        let answer = body.to_owned();
        let network = Scripted::new(move |_| Reply::text(status, answer.clone()));
        // The query may be private.
        let source = || JwksSource::Url(format!("{url}?key=hunter2"));
        let m2m = receiver(source(), &network).await;
        assert_eq!(
            verdict(&m2m, &token).await,
            Err(Reason::KeysUnavailable),
            "{problem}"
        );
        let m2m = receiver(source(), &network).await;
        let error = m2m.key_set().await.expect_err("no keys").to_string();
        for part in [url, problem] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_costs_three_seconds() {
    let network = Scripted::new(|_| Reply::Hang);
    let m2m = receiver(JwksSource::Sdk, &network).await;
    let token = token(&core(), SigningKey::Static);
    let started = tokio::time::Instant::now();
    assert_eq!(verdict(&m2m, &token).await, Err(Reason::KeysUnavailable));
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

/// One odd key must not take the others with it.
#[test]
fn odd_keys_are_skipped_one_by_one() {
    let core = core();
    let good = core.jwks().expect("keys")["keys"][0].clone();
    let with = |member: &str, value: Value| {
        let mut key = good.clone();
        key[member] = value;
        key["kid"] = json!("odd");
        key
    };
    let without = |member: &str| {
        let mut key = good.clone();
        key["kid"] = json!("odd");
        key.as_object_mut().expect("an object").remove(member);
        key
    };
    for odd in [
        json!(null),
        json!("key"),
        json!({}),
        json!({"kty": "EC", "kid": "odd", "crv": "P-256", "x": "AA", "y": "AA"}),
        json!({"kty": "oct", "kid": "odd", "k": "c2VjcmV0"}),
        with("use", json!("enc")),
        with("use", json!(null)),
        with("alg", json!("RS512")),
        with("alg", json!("HS256")),
        with("key_ops", json!(["sign"])),
        with("key_ops", json!("verify")),
        with("d", json!("AQAB")),
        with("n", json!("!!!")),
        with("n", json!("")),
        with("n", json!("AQAB")),
        with("n", json!(7)),
        with("e", json!("AQ")),
        with("e", json!("AA")),
        with("e", json!("Ag")),
        with("e", json!("AQAAAAAAAAAB")),
        without("n"),
        without("e"),
        without("kty"),
        without("kid"),
        {
            let mut key = good.clone();
            key["kid"] = json!("");
            key
        },
        {
            let mut key = good.clone();
            key["kid"] = json!("x".repeat(129));
            key
        },
    ] {
        let document = json!({"keys": [odd, good]}).to_string();
        let keys = KeySet::from_json(&document).unwrap_or_else(|error| panic!("{odd}: {error}"));
        assert_eq!(keys.iter().len(), 1, "{odd}");
        assert_eq!(keys.skipped().len(), 1, "{odd}");
        let alone = KeySet::from_json(&json!({"keys": [odd]}).to_string());
        assert!(matches!(alone, Err(KeysError::NoUsableKey(_))), "{odd}");
    }
}

/// As cores before 3.6.1 wrote them, with which many libraries verify nothing.
#[tokio::test]
async fn old_spellings_of_a_modulus_are_normalised() {
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
    };
    let core = core();
    let token = token(&core, SigningKey::Static);
    let jwks = core.jwks().expect("keys");
    let good = jwks["keys"]
        .as_array()
        .expect("keys")
        .last()
        .expect("the static key");
    let modulus = URL_SAFE_NO_PAD
        .decode(good["n"].as_str().expect("n"))
        .expect("base64url");
    let signed = [&[0][..], &modulus].concat();
    for spelling in [
        URL_SAFE.encode(&modulus),
        URL_SAFE.encode(&signed),
        URL_SAFE_NO_PAD.encode(&signed),
        STANDARD.encode(&signed),
        URL_SAFE_NO_PAD.encode([&[0, 0, 0][..], &modulus].concat()),
    ] {
        let mut key = good.clone();
        key["n"] = json!(spelling);
        key["e"] = json!("AAEAAQ==");
        let source = JwksSource::Document(json!({"keys": [key]}).to_string());
        let m2m = receiver(source, &nobody()).await;
        assert_eq!(verdict(&m2m, &token).await, Ok(()), "{spelling}");
    }
    // The key that SuperTokens' documentation prints is no base64 at all: 341 characters and a `=`.
    let mut key = good.clone();
    key["n"] = json!(format!("{}=", "A".repeat(341)));
    assert!(KeySet::from_json(&json!({"keys": [key]}).to_string()).is_err());
}

#[test]
fn two_keys_with_one_id_are_both_refused_unless_they_are_one_key() {
    let (one, other) = (core().jwks().expect("keys"), core().jwks().expect("keys"));
    let (one, mut other) = (one["keys"][0].clone(), other["keys"][0].clone());
    other["kid"] = one["kid"].clone();
    for keys in [
        json!([one, other]),
        json!([one, other, one]),
        json!([one, other, other]),
    ] {
        let error = KeySet::from_json(&json!({ "keys": keys }).to_string()).expect_err("refused");
        assert!(
            error.to_string().contains("another key with the same kid"),
            "{error}"
        );
    }
    // However long the id is.
    let long = json!("x".repeat(128));
    let (mut a, mut b) = (one.clone(), other.clone());
    (a["kid"], b["kid"]) = (long.clone(), long);
    assert!(KeySet::from_json(&json!({"keys": [a, b, a]}).to_string()).is_err());
    let twice = KeySet::from_json(&json!({"keys": [one, one]}).to_string()).expect("one key");
    assert_eq!(twice.iter().len(), 1);
}

#[test]
fn key_sets_are_bounded() {
    let key = core().jwks().expect("keys")["keys"][0].clone();
    let many = json!({"keys": vec![key; 101]}).to_string();
    assert!(matches!(
        KeySet::from_json(&many),
        Err(KeysError::NotAKeySet(_))
    ));
    let deep = format!(
        r#"{{"keys":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(matches!(
        KeySet::from_json(&deep),
        Err(KeysError::NotAKeySet(_))
    ));
}

#[test]
fn pem_that_pins_no_public_rsa_key_says_why() {
    let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let private = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    let junk = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    // RSA, 1024 bits.
    let short = "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7VJTUt9Us8cKjMzEfYyjiWA4R\n4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvuNMoSfm76oqFv\nAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZqgtzJ6GR3eqo\nYSW9b9UMvkBpZODSctWSNGj3P7jRFDO5VoTwCQAWbFnOjDfH5Ulgp2PKSQnSJP3A\nJLQNFNe7br1XbrhV//eO+t51mIpGSDCUv3E0DDFcWDTH9cXDTTlRZVEiR2BwpZOO\nkE/Z0/BVnhZYL71oZV34bKfWjQIt6V/isSMahdsAASACp4ZTGtwiVuNd9tybAgMB\nAAE=\n-----END PUBLIC KEY-----\n";
    for (text, problem) in [
        ("", "no `-----BEGIN PUBLIC KEY-----`"),
        ("hello", "no `-----BEGIN PUBLIC KEY-----`"),
        (certificate, "`CERTIFICATE` is no public key"),
        (private, "a private key"),
        (junk, "not an RSA public key of 2048"),
        (short, "not an RSA public key of 2048 to 4096 bits"),
    ] {
        let error = KeySet::from_pem(text).expect_err("refused").to_string();
        assert!(error.contains(problem), "{problem}: {error}");
    }
}
