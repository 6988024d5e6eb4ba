//! Kinds of token: each that one key set signs, as its issuer writes it and with the claims of every other kind smuggled
//! in, shown to a receiver that accepts `OAuth2` clients and to one that does not.

use http::Request;
use serde_json::{Map, Value, json};
use st_m2m::{M2m, Reason, TokenKind, dev::DevCore};
use st_m2m_tests::{
    jwt::{self, claims as service, header},
    still::NOW,
    verdict::caller,
};

use crate::{
    oauth2_clients::client_claims as client,
    service::{Service, sign},
};

fn user() -> Value {
    let mut claims = client();
    claims["sub"] = json!("user-1");
    claims["scp"] = json!(["openid", "offline_access"]);
    claims
}

fn id() -> Value {
    json!({
        "iss": "https://api.example.com/auth", "sub": "user-1", "aud": "stcl_1", "iat": NOW, "exp": NOW + 60, "stt": 2,
        "at_hash": "x", "sid": "y", "nonce": "z",
    })
}

fn visitor() -> Value {
    json!({"iss": "https://api.example.com", "iat": NOW, "exp": NOW + 60, "theme": "dark"})
}

fn session() -> Value {
    json!({
        "iss": "https://api.example.com/auth", "sub": "user-1", "rsub": "user-1", "tId": "public", "iat": NOW,
        "exp": NOW + 3600, "sessionHandle": "h", "refreshTokenHash1": "r", "parentRefreshTokenHash1": null,
        "antiCsrfToken": null,
    })
}

/// What a receiver takes the token for.
async fn verdict(m2m: &M2m, token: &str) -> Result<TokenKind, Reason> {
    caller(m2m, token).await.map(|it| it.kind())
}

/// A session of the version that the core makes under this version of its interface.
async fn session_under(core: &DevCore, cdi_version: &str, payload: &Value) -> String {
    let body = json!({
        "userId": "user-1", "enableAntiCsrf": false, "userDataInDatabase": {}, "userDataInJWT": payload,
    });
    let request = Request::post("/recipe/session")
        .header("cdi-version", cdi_version)
        .body(body.to_string().into())
        .expect("a request");
    let answer = core.handle(request).await;
    let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let token = answer["accessToken"]["token"].as_str();
    token.expect("a session").to_owned()
}

#[tokio::test]
async fn sessions_are_no_services() {
    let (on, off) = receivers().await;
    // A session's payload may hold every claim of the other kinds but those that sessions have themselves.
    let mut smuggled = Map::new();
    for claims in [service(), client(), id(), visitor()] {
        let Value::Object(claims) = claims else {
            unreachable!("claims are an object")
        };
        smuggled.extend(claims);
    }
    for protected in ["sub", "iat", "exp"] {
        smuggled.remove(protected);
    }
    let as_a_client =
        json!({"stt": 1, "client_id": "user-1", "iss": "https://api.example.com/auth"});
    for payload in [json!({}), smuggled.into(), as_a_client] {
        for (cdi_version, version) in [("2.20", "2"), ("2.21", "3"), ("3.0", "4"), ("5.4", "5")] {
            let token = session_under(&on.core, cdi_version, &payload).await;
            if version != "2" {
                assert_eq!(jwt::decode(&token).0["version"], version);
            }
            for m2m in [&on.m2m, &off.m2m] {
                assert_eq!(
                    verdict(m2m, &token).await,
                    Err(Reason::WrongKind(TokenKind::Session)),
                    "version {version}, {payload}"
                );
            }
        }
    }
}

/// The claims of two kinds in one token, where both have one the first kind's. What comes of it is one kind, and that
/// kind's rules decide.
#[tokio::test]
async fn no_token_is_of_two_kinds() {
    use TokenKind::{Id, OAuth2Access, Other, Service, Session};
    let (on, off) = receivers().await;
    let of_a_user = Some(Reason::OAuth2TokenOfAUser);
    let other_issuer = Some(Reason::IssuerNotAccepted);
    // The kind, and what the rules of clients find wrong where it is theirs.
    for (first, second, kind, wrong) in [
        (service(), json!({}), Service, None),
        (service(), session(), Session, None),
        // The service is named, the client is another.
        (service(), client(), OAuth2Access, of_a_user),
        (service(), user(), OAuth2Access, of_a_user),
        (service(), id(), Id, None),
        // With the mark of a service and nobody else's, it is a service: whoever minted it said so.
        (service(), visitor(), Service, None),
        (client(), json!({}), OAuth2Access, None),
        (client(), service(), OAuth2Access, None),
        (client(), session(), Session, None),
        (client(), user(), OAuth2Access, None),
        (client(), id(), OAuth2Access, None),
        (client(), visitor(), OAuth2Access, None),
        (user(), json!({}), OAuth2Access, of_a_user),
        (user(), service(), OAuth2Access, of_a_user),
        (user(), session(), Session, None),
        (user(), client(), OAuth2Access, of_a_user),
        (user(), id(), OAuth2Access, of_a_user),
        (user(), visitor(), OAuth2Access, of_a_user),
        (id(), json!({}), Id, None),
        (id(), service(), Id, None),
        (id(), session(), Session, None),
        (id(), client(), Id, None),
        (id(), user(), Id, None),
        (id(), visitor(), Id, None),
        (visitor(), json!({}), Other, None),
        (visitor(), service(), Service, None),
        (visitor(), session(), Session, None),
        // A client's claims, but not from where clients have theirs.
        (visitor(), client(), OAuth2Access, other_issuer),
        (visitor(), user(), OAuth2Access, of_a_user),
        (visitor(), id(), Id, None),
        // Without `version` in the header: whoever may mint can write the claims of a session.
        (session(), json!({}), Session, None),
        (session(), service(), Session, None),
        (session(), client(), Session, None),
        (session(), user(), Session, None),
        (session(), id(), Session, None),
        (session(), visitor(), Session, None),
    ] {
        let mut claims = second;
        for (name, value) in first.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let token = sign(&on.core, &header(), &claims);
        let (accepts, refuses) = match kind {
            Service => (Ok(Service), Ok(Service)),
            OAuth2Access => (
                wrong.map_or(Ok(OAuth2Access), Err),
                Err(Reason::WrongKind(OAuth2Access)),
            ),
            other => (Err(Reason::WrongKind(other)), Err(Reason::WrongKind(other))),
        };
        assert_eq!(verdict(&on.m2m, &token).await, accepts, "on: {claims}");
        assert_eq!(verdict(&off.m2m, &token).await, refuses, "off: {claims}");
    }
}

/// One that accepts `OAuth2` clients, and one that does not.
async fn receivers() -> (Service, Service) {
    (
        Service::with(|config| config.accept_oauth2_clients(true)).await,
        Service::start().await,
    )
}
