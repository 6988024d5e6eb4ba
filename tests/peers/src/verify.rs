//! One verification of a service's token, with a key that was parsed once.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use axum::{
    extract::FromRequestParts as _,
    http::{Request, header::AUTHORIZATION},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use jwt_authorizer::{Authorizer, JwtAuthorizer};
use serde::Deserialize;
use st_m2m::{Caller, Config, ConfigBuilder, JwksSource, M2m};

use crate::{
    issuer::{API_DOMAIN, Issuer},
    ready::now,
};

/// Is the token good? It is checked anew at each call.
pub type Check = Box<dyn FnMut() -> bool + Send>;

/// All contenders by name, each about to check `token`. The first is the limit that the others are compared with.
pub fn contenders(issuer: &Issuer, token: &str) -> Vec<(&'static str, Check)> {
    vec![
        (
            "aws-lc-rs, signature alone",
            signature_alone(issuer, token.to_owned()),
        ),
        (
            "st-m2m, miss",
            header_to_caller(&start(every_verification_whole(issuer)), token),
        ),
        (
            "st-m2m, hit",
            header_to_caller(&start(config(issuer)), token),
        ),
        ("jsonwebtoken", json_web_token(issuer, token.to_owned())),
        ("jwt-authorizer", jwt_authorizer(issuer, token)),
    ]
}

/// Two of our checks of a token seen before, for two threads of one service.
pub fn two_hits(issuer: &Issuer, token: &str) -> [Check; 2] {
    let m2m = start(config(issuer));
    [(); 2].map(|()| header_to_caller(&m2m, token))
}

/// The bare check of the signature, the least that any verification costs. Of the token it reads nothing else.
fn signature_alone(issuer: &Issuer, token: String) -> Check {
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, issuer.public_key().as_ref())
        .expect("the key parses");
    Box::new(move || {
        let Some((message, signature)) = token.rsplit_once('.') else {
            return false;
        };
        let mut bytes = [0; 256];
        matches!(URL_SAFE_NO_PAD.decode_slice(signature, &mut bytes), Ok(256))
            && key.verify_sig(message.as_bytes(), &bytes).is_ok()
    })
}

/// Our checks of tokens that are new each time: whole verifications, each remembered and forgotten before
/// its token comes again.
pub fn first_sights(issuer: &Issuer) -> Check {
    const REMEMBERED: usize = 1;

    let m2m = start(config(issuer).token_cache_entries(REMEMBERED));
    let tokens = (0..512).map(|jti| issuer.token(jti));
    let mut checks: Vec<_> = tokens.map(|token| header_to_caller(&m2m, &token)).collect();
    let mut turn = 0;
    Box::new(move || {
        turn = (turn + 1) % checks.len();
        checks[turn]()
    })
}

/// Our configuration as a service has it, but for the keys, which need no network.
pub fn config(issuer: &Issuer) -> ConfigBuilder {
    Config::builder()
        .api_domain(API_DOMAIN)
        .jwks(JwksSource::Document(issuer.jwks().to_string()))
}

/// Nothing is remembered of tokens seen before.
fn every_verification_whole(issuer: &Issuer) -> ConfigBuilder {
    config(issuer).token_cache_entries(0)
}

/// A service of ours with fixed keys.
pub fn start(config: ConfigBuilder) -> M2m {
    let config = config.build().expect("a valid configuration");
    now(M2m::start(config)).expect("it needs no network")
}

/// What a guarded handler waits for: the token is read from the request's header, verified, and the caller made of it.
fn header_to_caller(m2m: &M2m, token: &str) -> Check {
    let (mut request, ()) = Request::get("/")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .extension(m2m.clone())
        .body(())
        .expect("a token is a header value")
        .into_parts();
    Box::new(move || now(Caller::from_request_parts(&mut request, &())).is_ok())
}

/// `jsonwebtoken` with the rules that it has for a service's token: `exp`, `iss` and the claims' types. It looks up no
/// key; `source` is compared here.
fn json_web_token(issuer: &Issuer, token: String) -> Check {
    let key = DecodingKey::from_rsa_der(issuer.public_key().as_ref());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[API_DOMAIN]);
    validation.set_required_spec_claims(&["exp", "iss"]);
    validation.validate_aud = false;
    Box::new(move || {
        jsonwebtoken::decode::<ServiceClaims>(&token, &key, &validation)
            .is_ok_and(|token| token.claims.source == "microservice")
    })
}

/// What the layer of `jwt-authorizer` does before a handler: the token is read from the request's header, its key found
/// by its id, then `exp`, `iss` and the claims' types checked with `jsonwebtoken` 9 and `ring`; `source` by a closure.
fn jwt_authorizer(issuer: &Issuer, token: &str) -> Check {
    let authorizer = JwtAuthorizer::from_jwks_text(&issuer.jwks().to_string());
    let authorizer = now(of_services(authorizer).build()).expect("it reads the keys");
    let (request, ()) = Request::get("/")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(())
        .expect("a token is a header value")
        .into_parts();
    Box::new(move || {
        let token = Authorizer::extract_token(&authorizer, &request.headers);
        token.is_some_and(|token| now(authorizer.check_auth(&token)).is_ok())
    })
}

/// The claims that the peers read.
#[derive(Clone, Deserialize)]
pub struct ServiceClaims {
    source: String,
    #[expect(dead_code, reason = "decoded as a service would")]
    sub: String,
}

/// `jwt-authorizer` with the rules that it has for a service's token. A token with an audience needs one here.
pub fn of_services(authorizer: JwtAuthorizer<ServiceClaims>) -> JwtAuthorizer<ServiceClaims> {
    authorizer
        .validation(
            jwt_authorizer::Validation::new()
                .iss(&[API_DOMAIN])
                .aud(&["billing"]),
        )
        .check(|claims| claims.source == "microservice")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_tells_a_good_token_from_a_bad_one() {
        let issuer = Issuer::new();
        let token = issuer.token(1);
        assert_eq!(token.len(), 818);
        let foreign = Issuer::new().token(1);
        for (name, mut check) in contenders(&issuer, &token) {
            assert!(check() && check(), "{name}");
        }
        for (name, mut check) in contenders(&issuer, &foreign) {
            assert!(!check() && !check(), "{name}");
        }
        for mut check in two_hits(&issuer, &token) {
            assert!(check() && check());
        }
        let mut first_sights = first_sights(&issuer);
        assert!(first_sights() && first_sights());
    }
}
