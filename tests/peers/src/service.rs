//! Services for the load test: one handler, as it is and behind a guard.

use std::{io, net::Ipv4Addr};

use axum::{Router, routing::get};
use jwt_authorizer::{IntoLayer as _, JwtAuthorizer};
use st_m2m::{Config, JwksSource, m2m_protected};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{issuer::API_DOMAIN, verify::of_services};

/// One service of the load test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// axum.
    Plain,
    /// axum, the handler under `#[m2m_protected]`.
    Guarded,
    /// axum 0.7, the one that `jwt-authorizer` is made for.
    JwtAuthorizerPlain,
    /// axum 0.7 under the layer of `jwt-authorizer`.
    JwtAuthorizerGuarded,
}

impl Service {
    /// All by name.
    pub const ALL: [(&str, Self); 4] = [
        ("plain", Self::Plain),
        ("guarded", Self::Guarded),
        ("jwt-authorizer-plain", Self::JwtAuthorizerPlain),
        ("jwt-authorizer-guarded", Self::JwtAuthorizerGuarded),
    ];

    /// Whether it asks for a token.
    pub fn is_guarded(self) -> bool {
        matches!(self, Self::Guarded | Self::JwtAuthorizerGuarded)
    }

    /// Serves on a free port of loopback, of which it tells `ready` the URL. `jwks_uri` is where the keys are.
    pub async fn serve(self, jwks_uri: &str, ready: impl FnOnce(&str)) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        match self {
            Self::Plain => {
                let router = Router::new().route("/", get(handler));
                ready(&url);
                axum::serve(listener, router).await
            }
            Self::Guarded => {
                let config = Config::builder()
                    .api_domain(API_DOMAIN)
                    .jwks(JwksSource::Url(jwks_uri.to_owned()))
                    .build();
                let config = config.map_err(io::Error::other)?;
                st_m2m::init(config).await.map_err(io::Error::other)?;
                let router = Router::new().route("/", get(guarded));
                ready(&url);
                axum::serve(listener, router).await
            }
            Self::JwtAuthorizerPlain => {
                let router = axum_07::Router::new().route("/", axum_07::routing::get(handler));
                ready(&url);
                axum_07::serve(listener, router).await
            }
            Self::JwtAuthorizerGuarded => {
                let authorizer = of_services(JwtAuthorizer::from_jwks_url(jwks_uri)).build();
                let authorizer = authorizer.await.map_err(io::Error::other)?;
                let router = axum_07::Router::new()
                    .route("/", axum_07::routing::get(handler))
                    .layer(authorizer.into_layer());
                ready(&url);
                axum_07::serve(listener, router).await
            }
        }
    }
}

/// A runtime with a thread for each core that the process may use.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system gives threads")
}

async fn handler() -> &'static str {
    "ok"
}

#[m2m_protected]
async fn guarded() -> &'static str {
    handler().await
}
