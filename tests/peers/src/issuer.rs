use std::net::{Ipv4Addr, SocketAddr};

use aws_lc_rs::{
    rsa::{KeyPair, KeySize, PublicKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use axum::{Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const KID: &str = "s-2de612a5-a5ba-413e-9216-4c43e2e78c86";
/// `iss` of every token.
pub const API_DOMAIN: &str = "https://api.example.com";

/// Signs tokens as a SuperTokens core does: RSA-2048, RS256, a static key.
pub struct Issuer(KeyPair);

impl Issuer {
    /// An issuer with a key of its own.
    #[expect(clippy::new_without_default, reason = "a new key each time")]
    pub fn new() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("a key can be generated"))
    }

    pub fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    /// The JWKS document with the one key.
    pub fn jwks(&self) -> Value {
        let key = self.public_key();
        json!({ "keys": [{
            "kty": "RSA",
            "kid": KID,
            "n": URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
            "alg": "RS256",
            "use": "sig",
        }]})
    }

    /// Serves the JWKS document on loopback, at every path, until the process ends.
    pub fn serve_jwks(&self) -> SocketAddr {
        let jwks = self.jwks().to_string();
        let router = Router::new().fallback(get(async || jwks));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("loopback has a free port");
        listener
            .set_nonblocking(true)
            .expect("the system can do it");
        let address = listener.local_addr().expect("it is bound");
        std::thread::spawn(move || {
            crate::service::runtime().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        address
    }

    /// A service's token with a scope and a few claims of its own, 818 bytes long. Two tokens differ in `jti`.
    pub fn token(&self, jti: u64) -> String {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("the clock is set")
            .as_secs();
        let header = json!({ "kid": KID, "typ": "JWT", "alg": "RS256" });
        let claims = json!({
            "iat": now - 10,
            "exp": now + 3600,
            "iss": API_DOMAIN,
            "sub": "orders",
            "aud": ["billing", "inventory"],
            "jti": format!("{jti:016x}"),
            "scope": "charge:read charge:write refund:write",
            "region": "eu-central-1",
            "deployment": "orders-canary-01-7c9f6b5d8-x2kqp",
            "source": "microservice",
        });
        let mut token = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &aws_lc_rs::rand::SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .expect("signing succeeds");
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        token
    }
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
