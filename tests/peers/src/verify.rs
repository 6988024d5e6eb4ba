//! One verification of a service's token, with a key that was parsed once.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use axum::{
    extract::FromRequestParts as _,
    http::{Request, header::AUTHORIZATION},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use st_m2m::{Caller, Config, JwksSource, M2m};

use crate::issuer::{API_DOMAIN, Issuer};

/// Is the token good? It is checked anew at each call.
pub type Check = Box<dyn FnMut() -> bool>;

/// All contenders by name, each about to check `token`. The first is the limit that the others are compared with.
pub fn contenders(issuer: &Issuer, token: &str) -> Vec<(&'static str, Check)> {
    vec![
        (
            "aws-lc-rs, signature alone",
            signature_alone(issuer, token.to_owned()),
        ),
        ("st-m2m, header to caller", ours(issuer, token)),
        (
            "jsonwebtoken::decode",
            json_web_token(issuer, token.to_owned()),
        ),
    ]
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

/// What a guarded handler waits for: the token is read from the request's header, its key found by its id, its signature
/// and every rule checked, and the caller made of it. Nothing is remembered of tokens seen before: each verification is
/// a whole one.
fn ours(issuer: &Issuer, token: &str) -> Check {
    let config = Config::builder()
        .api_domain(API_DOMAIN)
        .jwks(JwksSource::Document(issuer.jwks().to_string()))
        .build()
        .expect("a valid configuration");
    let m2m = now(M2m::start(config)).expect("it needs no network");
    let (mut request, ()) = Request::get("/")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .extension(m2m)
        .body(())
        .expect("a token is a header value")
        .into_parts();
    Box::new(move || now(Caller::from_request_parts(&mut request, &())).is_ok())
}

/// What `future` is ready with at its first poll: with the keys at hand, nothing of ours waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// `jsonwebtoken` with the rules that it has for a service's token: `exp`, `iss` and the claims' types. It looks up no
/// key; `source` is compared here.
fn json_web_token(issuer: &Issuer, token: String) -> Check {
    #[derive(Deserialize)]
    struct Claims {
        source: String,
        #[expect(dead_code, reason = "decoded as a service would")]
        sub: String,
    }

    let key = DecodingKey::from_rsa_der(issuer.public_key().as_ref());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[API_DOMAIN]);
    validation.set_required_spec_claims(&["exp", "iss"]);
    validation.validate_aud = false;
    Box::new(move || {
        jsonwebtoken::decode::<Claims>(&token, &key, &validation)
            .is_ok_and(|token| token.claims.source == "microservice")
    })
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
    }
}
