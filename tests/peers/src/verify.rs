//! One verification of a service's token, with a key that was parsed once.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::issuer::{API_DOMAIN, Issuer};

/// Is this token good?
pub type Check = Box<dyn Fn(&str) -> bool>;

/// All contenders by name. The first is the limit that the others are compared with.
pub fn contenders(issuer: &Issuer) -> Vec<(&'static str, Check)> {
    vec![
        ("aws-lc-rs, signature alone", signature_alone(issuer)),
        ("jsonwebtoken::decode", json_web_token(issuer)),
    ]
}

/// The bare check of the signature, the least that any verification costs. Of the token it reads nothing else.
fn signature_alone(issuer: &Issuer) -> Check {
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, issuer.public_key().as_ref())
        .expect("the key parses");
    Box::new(move |token| {
        let Some((message, signature)) = token.rsplit_once('.') else {
            return false;
        };
        let mut bytes = [0; 256];
        matches!(URL_SAFE_NO_PAD.decode_slice(signature, &mut bytes), Ok(256))
            && key.verify_sig(message.as_bytes(), &bytes).is_ok()
    })
}

// ADAPT to the runtime's names, take away the `cfg`, and put `("st-m2m", ours(issuer))` into `contenders`. What it times
// must be a whole first verification: a memory of tokens seen before must be off.
#[cfg(any())]
fn ours(issuer: &Issuer) -> Check {
    let config = st_m2m::Config::builder()
        .api_domain(API_DOMAIN)
        .jwks(st_m2m::jwks::Source::Document(issuer.jwks().to_string()))
        .build()
        .expect("a valid configuration");
    let m2m = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(st_m2m::M2m::start(config))
        .expect("it needs no network");
    Box::new(move |token| m2m.verify(token).is_ok())
}

/// `jsonwebtoken` with the rules that it has for a service's token: `exp`, `iss` and the claims' types. It looks up no
/// key; `source` is compared here.
fn json_web_token(issuer: &Issuer) -> Check {
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
    Box::new(move |token| {
        jsonwebtoken::decode::<Claims>(token, &key, &validation)
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
        for (name, check) in contenders(&issuer) {
            assert!(check(&token), "{name}");
            assert!(!check(&foreign), "{name}");
        }
    }
}
