//! `OAuth2` clients as services: each rule with tokens that differ from a good one in that alone, where such clients are
//! accepted and where they are not.

use std::time::Duration;

use serde_json::{Value, json};
use st_m2m::{AcceptKeys, ConfigBuilder, Reason, SigningKey, TokenKind};
use st_m2m_tests::{
    jwt::{self, claims as service_claims, header},
    still::{NOW, core},
    verdict::{caller, verdict},
};

use crate::service::{Service, config, sign, start};

/// What a receiver that accepts no clients says of each of their tokens.
const OFF: Result<(), Reason> = Err(Reason::WrongKind(TokenKind::OAuth2Access));

/// The claims of a client's own token, as the core writes them for the grant `client_credentials`.
pub(crate) fn client_claims() -> Value {
    json!({
        "iss": "https://api.example.com/auth", "sub": "stcl_1", "client_id": "stcl_1", "scp": ["charge:read"],
        "aud": ["billing"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "jti": "1", "stt": 1, "gid": "2",
    })
}

fn accepting(config: ConfigBuilder) -> ConfigBuilder {
    config.accept_oauth2_clients(true)
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = client_claims();
    claims[member] = value;
    claims
}

fn without(member: &str) -> Value {
    let mut claims = client_claims();
    claims.as_object_mut().expect("an object").remove(member);
    claims
}

#[tokio::test]
async fn claims() {
    use Reason::{
        ClaimMalformed, ClientIdMissing, IssuerMissing, IssuerNotAccepted, OAuth2TokenOfAUser,
    };
    let (on, off) = (Service::with(accepting).await, Service::start().await);
    for (claims, expected) in [
        (client_claims(), Ok(())),
        // Good, though unusual.
        (without("scp"), Ok(())),
        (with("scp", json!([])), Ok(())),
        (with("scope", json!("charge:write")), Ok(())),
        (without("aud"), Ok(())),
        (with("aud", json!("billing")), Ok(())),
        (with("aud", json!([])), Ok(())),
        (without("nbf"), Ok(())),
        (without("jti"), Ok(())),
        (without("gid"), Ok(())),
        (with("sessionhandle", json!("x")), Ok(())),
        // The mark of another kind that this kind may have: claims can be added to it.
        (with("source", json!("microservice")), Ok(())),
        (with("source", json!(null)), Ok(())),
        // The client.
        (without("client_id"), Err(ClientIdMissing)),
        (with("client_id", json!(null)), Err(ClientIdMissing)),
        (with("client_id", json!("")), Err(ClientIdMissing)),
        (with("client_id", json!(1)), Err(ClientIdMissing)),
        (with("client_id", json!(["stcl_1"])), Err(ClientIdMissing)),
        (with("client_id", json!("stcl_2")), Err(OAuth2TokenOfAUser)),
        (
            json!({"client_id": "", "sub": "", "stt": 1}),
            Err(ClientIdMissing),
        ),
        // A user.
        (with("sub", json!("user-1")), Err(OAuth2TokenOfAUser)),
        (with("sub", json!("STCL_1")), Err(OAuth2TokenOfAUser)),
        (with("sub", json!("stcl_1 ")), Err(OAuth2TokenOfAUser)),
        (with("sub", json!("")), Err(OAuth2TokenOfAUser)),
        (without("sub"), Err(OAuth2TokenOfAUser)),
        (with("sub", json!(null)), Err(OAuth2TokenOfAUser)),
        (with("sub", json!(1)), Err(OAuth2TokenOfAUser)),
        (with("sub", json!(["stcl_1"])), Err(OAuth2TokenOfAUser)),
        // Issuer: that of services' own tokens is another.
        (without("iss"), Err(IssuerMissing)),
        (with("iss", json!(null)), Err(IssuerMissing)),
        (with("iss", json!(123)), Err(IssuerMissing)),
        (
            with("iss", json!(["https://api.example.com/auth"])),
            Err(IssuerMissing),
        ),
        (
            with("iss", json!("https://api.example.com")),
            Err(IssuerNotAccepted),
        ),
        (
            with("iss", json!("https://api.example.com/auth/")),
            Err(IssuerNotAccepted),
        ),
        (
            with("iss", json!("https://api.example.com/Auth")),
            Err(IssuerNotAccepted),
        ),
        (with("iss", json!("")), Err(IssuerNotAccepted)),
        // Claims that mean something to guards.
        (with("aud", json!(5)), Err(ClaimMalformed)),
        (with("aud", json!(null)), Err(ClaimMalformed)),
        (with("aud", json!(["billing", 5])), Err(ClaimMalformed)),
        (with("scp", json!("charge:read")), Err(ClaimMalformed)),
        (with("scp", json!(["charge:read", 5])), Err(ClaimMalformed)),
        (with("scp", json!(null)), Err(ClaimMalformed)),
        (with("scope", json!(["charge:read"])), Err(ClaimMalformed)),
        (with("jti", json!(1)), Err(ClaimMalformed)),
        (with("jti", json!(null)), Err(ClaimMalformed)),
    ] {
        let token = on.token(&claims);
        assert_eq!(verdict(&on.m2m, &token).await, expected, "{claims}");
        assert_eq!(verdict(&off.m2m, &token).await, OFF, "{claims}");
    }
}

/// The mark of the kind is the integer 1, and a session's claims outweigh it.
#[tokio::test]
async fn the_mark() {
    let (on, off) = (Service::with(accepting).await, Service::start().await);
    for (member, value, kind) in [
        ("stt", json!(0), TokenKind::Other),
        ("stt", json!(-1), TokenKind::Other),
        ("stt", json!(1.0), TokenKind::Other),
        ("stt", json!("1"), TokenKind::Other),
        ("stt", json!([1]), TokenKind::Other),
        ("stt", json!(true), TokenKind::Other),
        ("stt", json!(null), TokenKind::Other),
        ("stt", json!(11), TokenKind::Other),
        ("stt", json!(2), TokenKind::Id),
        ("sessionHandle", json!(null), TokenKind::Session),
        ("refreshTokenHash1", json!(null), TokenKind::Session),
        ("parentRefreshTokenHash1", json!(null), TokenKind::Session),
        ("antiCsrfToken", json!(null), TokenKind::Session),
        ("rsub", json!("stcl_1"), TokenKind::Session),
        ("tId", json!("public"), TokenKind::Session),
        ("userData", json!({}), TokenKind::Session),
    ] {
        let token = on.token(&with(member, value.clone()));
        for m2m in [&on.m2m, &off.m2m] {
            assert_eq!(
                verdict(m2m, &token).await,
                Err(Reason::WrongKind(kind)),
                "{member}: {value}"
            );
        }
    }
    let token = on.token(&without("stt"));
    for m2m in [&on.m2m, &off.m2m] {
        assert_eq!(
            verdict(m2m, &token).await,
            Err(Reason::WrongKind(TokenKind::Other))
        );
    }
}

#[tokio::test]
async fn headers() {
    use Reason::{
        AlgorithmNotAccepted, HeaderNotAccepted, KeyIdNotAccepted, TypeNotAccepted, UnknownKey,
    };
    let (on, off) = (Service::with(accepting).await, Service::start().await);
    let session = Reason::WrongKind(TokenKind::Session);
    // What a receiver says that accepts clients, and what one that does not.
    for (member, value, accepts, refuses) in [
        ("other", json!([1, {}]), Ok(()), OFF),
        ("typ", json!("at+jwt"), Ok(()), OFF),
        (
            "typ",
            json!("AT+JWT"),
            Err(TypeNotAccepted),
            Err(TypeNotAccepted),
        ),
        (
            "typ",
            json!("application/at+jwt"),
            Err(TypeNotAccepted),
            Err(TypeNotAccepted),
        ),
        (
            "typ",
            json!("jwt"),
            Err(TypeNotAccepted),
            Err(TypeNotAccepted),
        ),
        (
            "typ",
            json!(null),
            Err(TypeNotAccepted),
            Err(TypeNotAccepted),
        ),
        (
            "typ",
            json!(["at+jwt"]),
            Err(TypeNotAccepted),
            Err(TypeNotAccepted),
        ),
        (
            "alg",
            json!("none"),
            Err(AlgorithmNotAccepted),
            Err(AlgorithmNotAccepted),
        ),
        (
            "alg",
            json!("HS256"),
            Err(AlgorithmNotAccepted),
            Err(AlgorithmNotAccepted),
        ),
        (
            "crit",
            json!(null),
            Err(HeaderNotAccepted),
            Err(HeaderNotAccepted),
        ),
        (
            "jku",
            json!("https://evil.example"),
            Err(HeaderNotAccepted),
            Err(HeaderNotAccepted),
        ),
        (
            "kid",
            json!(""),
            Err(KeyIdNotAccepted),
            Err(KeyIdNotAccepted),
        ),
        ("kid", json!("s-unknown"), Err(UnknownKey), OFF),
        ("version", json!("5"), Err(session), Err(session)),
        ("version", json!(null), Err(session), Err(session)),
    ] {
        let mut header = header();
        header[member] = value.clone();
        let token = sign(&on.core, &header, &client_claims());
        assert_eq!(verdict(&on.m2m, &token).await, accepts, "{member}: {value}");
        assert_eq!(
            verdict(&off.m2m, &token).await,
            refuses,
            "{member}: {value}"
        );
    }
    // `at+jwt` is this kind's alone.
    let mut access = header();
    access["typ"] = json!("at+jwt");
    let id = with("stt", json!(2));
    for claims in [service_claims(), id, without("stt")] {
        for service in [&on, &off] {
            assert_eq!(
                verdict(&service.m2m, &sign(&on.core, &access, &claims)).await,
                Err(TypeNotAccepted),
                "{claims}"
            );
        }
    }
}

/// To handlers, the client is the service.
#[tokio::test]
async fn the_caller() {
    let on = Service::with(accepting).await;
    let mut claims = client_claims();
    claims["scope"] = json!("charge:write");
    let caller = caller(&on.m2m, &on.token(&claims)).await.expect("a client");
    assert_eq!(caller.kind(), TokenKind::OAuth2Access);
    assert_eq!(caller.service(), Some("stcl_1"));
    assert_eq!(caller.issuer(), "https://api.example.com/auth");
    assert_eq!(
        caller.scopes().collect::<Vec<_>>(),
        ["charge:write", "charge:read"]
    );
    assert_eq!(caller.claims::<Value>().expect("claims"), claims);

    // `from = ["orders", "checkout"]`.
    for (client, status) in [("orders", 200), ("checkout", 200), ("stcl_1", 403)] {
        let mut claims = with("client_id", json!(client));
        claims["sub"] = json!(client);
        assert_eq!(
            on.call("/two", &on.token(&claims)).await.status,
            status,
            "{client}"
        );
    }
    // A user whose id is the name of a service is no service.
    let user = on.token(&with("sub", json!("orders")));
    assert_eq!(on.call("/two", &user).await.status, 401);
}

/// Services' own tokens are held to their own rules, whether or not clients are accepted.
#[tokio::test]
async fn services_beside_them() {
    let on = Service::with(accepting).await;
    let token = on.token(&service_claims());
    let service = caller(&on.m2m, &token).await.expect("a service");
    assert_eq!(service.kind(), TokenKind::Service);
    for (member, value, reason) in [
        (
            "iss",
            json!("https://api.example.com/auth"),
            Reason::IssuerNotAccepted,
        ),
        ("source", json!("x"), Reason::SourceNotAccepted),
        ("jti", json!(1), Reason::ClaimMalformed),
    ] {
        let mut claims = service_claims();
        claims[member] = value;
        assert_eq!(
            verdict(&on.m2m, &on.token(&claims)).await,
            Err(reason),
            "{member}"
        );
    }
}

#[tokio::test]
async fn options_of_the_receiver() {
    let core = core();
    let claims = client_claims();
    let fixed = sign(&core, &header(), &claims);
    let rotating = jwt::sign(&core, SigningKey::Dynamic, &header(), &claims);
    let config = || accepting(config(&core));

    let m2m = start(config().accept_keys(AcceptKeys::StaticOnly)).await;
    assert_eq!(verdict(&m2m, &fixed).await, Ok(()));
    assert_eq!(
        verdict(&m2m, &rotating).await,
        Err(Reason::DynamicKeyNotAccepted)
    );

    for (audience, expected) in [
        ("billing", Ok(())),
        ("orders", Err(Reason::AudienceNotAccepted)),
    ] {
        let m2m = start(config().audience(audience)).await;
        for aud in [json!("billing"), json!(["a", "billing"])] {
            let token = sign(&core, &header(), &with("aud", aud));
            assert_eq!(verdict(&m2m, &token).await, expected, "{audience}");
        }
        let token = sign(&core, &header(), &without("aud"));
        assert_eq!(
            verdict(&m2m, &token).await,
            Err(Reason::AudienceNotAccepted)
        );
    }

    let m2m = start(config().max_token_age(Duration::from_secs(60))).await;
    for (age, expected) in [(65, Ok(())), (66, Err(Reason::TooOld))] {
        let token = sign(&core, &header(), &with("iat", json!(NOW - age)));
        assert_eq!(verdict(&m2m, &token).await, expected, "{age}");
    }

    let m2m = start(config().api_base_path("/api/v1")).await;
    assert_eq!(verdict(&m2m, &fixed).await, Err(Reason::IssuerNotAccepted));
    let moved = with("iss", json!("https://api.example.com/api/v1"));
    assert_eq!(verdict(&m2m, &sign(&core, &header(), &moved)).await, Ok(()));

    // `issuers` replaces both defaults.
    let m2m = start(config().issuers(["https://other.example"])).await;
    assert_eq!(verdict(&m2m, &fixed).await, Err(Reason::IssuerNotAccepted));
    for claims in [client_claims(), service_claims()] {
        let mut claims = claims;
        claims["iss"] = json!("https://other.example");
        assert_eq!(
            verdict(&m2m, &sign(&core, &header(), &claims)).await,
            Ok(()),
            "{claims}"
        );
    }
}

#[tokio::test]
async fn signatures() {
    let on = Service::with(accepting).await;
    let mut named = header();
    named["kid"] = on.core.jwks().expect("keys")["keys"][1]["kid"].clone();
    let claims = client_claims();
    assert_eq!(
        verdict(&on.m2m, &sign(&on.core, &named, &claims)).await,
        Ok(())
    );
    // Another core's key under our key's name.
    assert_eq!(
        verdict(&on.m2m, &sign(&core(), &named, &claims)).await,
        Err(Reason::BadSignature)
    );
}
