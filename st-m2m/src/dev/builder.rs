//! Settings of a core, and how it starts.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::digest;
use tokio::{net::TcpListener, runtime::Handle};

use super::{
    Error, TARGET,
    apps::Apps,
    core::{Core, DevCore},
    http::Server,
    route,
};
use crate::{
    clock::{Clock, SystemClock},
    supertokens::wire,
};

/// The real core's port, which an in-memory one claims to have (`config.yaml`, `port`).
const DEFAULT_PORT: u16 = 3567;
/// The longest validity of access tokens, in milliseconds: 100 years.
const MAX_VALIDITY: u64 = wire::DEFAULT_VALIDITY_SECONDS * 1000;

/// Settings of a [`DevCore`]. Made by [`DevCore::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is started"]
pub struct DevCoreBuilder {
    port: u16,
    api_keys: Vec<String>,
    api_base_path: String,
    apps: Vec<String>,
    tenants: Vec<String>,
    clock: Arc<dyn Clock>,
    access_token_validity: Duration,
}

impl DevCoreBuilder {
    /// The port on 127.0.0.1. The default, 0, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Demands this api key, or one of several when called repeatedly. By default none is needed.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_keys.push(key.into());
        self
    }

    /// Where a backend SDK would serve its API: the keys are at `{api_base_path}/jwt/jwks.json`. Default: `/auth`.
    pub fn api_base_path(mut self, path: impl Into<String>) -> Self {
        self.api_base_path = path.into();
        self
    }

    /// Adds an app with keys and sessions of its own, reached at `{connection_uri}/appid-{name}`. Repeatable.
    pub fn app(mut self, name: impl Into<String>) -> Self {
        self.apps.push(name.into());
        self
    }

    /// Adds a tenant, besides `public`, to every app that the core starts with. Repeatable.
    pub fn tenant(mut self, name: impl Into<String>) -> Self {
        self.tenants.push(name.into());
        self
    }

    /// Where the time comes from. Default: [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long a session's access token is valid, at most 100 years. Default: 1 hour.
    pub fn access_token_validity(mut self, validity: Duration) -> Self {
        self.access_token_validity = validity;
        self
    }

    /// Starts the core on a socket.
    ///
    /// Keys are generated in the background; a request that needs them waits for them.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] when the port is taken, [`Error::NoRuntime`] outside tokio, and errors of bad settings.
    pub async fn start(self) -> Result<DevCore, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let core = Arc::new(self.build()?);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listen_error = |error| Error::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(listen_error)?;
        let origin = format!("http://{}", listener.local_addr().map_err(listen_error)?);
        let now = core.now();
        for app in core.apps.all() {
            let keys = Arc::clone(&app.keys);
            runtime.spawn_blocking(move || keys.get(now).map(drop));
        }
        let server = Server::start(listener, Arc::clone(&core));
        tracing::info!(
            target: TARGET, %origin, "DevCore listens; for development only: keys and sessions live in memory"
        );
        Ok(DevCore::new(core, origin, Some(server)))
    }

    /// Makes a core without a socket, to be asked through [`DevCore::handle`] or as a transport. Its
    /// [`connection_uri`](DevCore::connection_uri) is that of a core on the chosen port, or on 3567.
    ///
    /// # Errors
    ///
    /// Errors of bad settings.
    pub fn in_memory(self) -> Result<DevCore, Error> {
        let port = if self.port == 0 {
            DEFAULT_PORT
        } else {
            self.port
        };
        let origin = format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        Ok(DevCore::new(Arc::new(self.build()?), origin, None))
    }

    fn build(&self) -> Result<Core, Error> {
        if !self.api_keys.iter().all(|key| is_api_key(key)) {
            return Err(Error::ApiKey);
        }
        for name in self.apps.iter().chain(&self.tenants) {
            if name.is_empty() || !route::is_name(name) {
                return Err(Error::Name(name.clone()));
            }
        }
        let access_token_validity = u64::try_from(self.access_token_validity.as_millis())
            .unwrap_or(MAX_VALIDITY)
            .min(MAX_VALIDITY);
        Ok(Core {
            apps: Apps::new(&self.apps, &self.tenants, access_token_validity)?,
            api_keys: self
                .api_keys
                .iter()
                .map(|key| digest::digest(&digest::SHA256, key.trim().as_bytes()))
                .collect(),
            sdk_jwks_path: format!("{}{}", base_path(&self.api_base_path)?, wire::SDK_JWKS_PATH),
            access_token_validity,
            clock: Arc::clone(&self.clock),
        })
    }
}

impl Default for DevCoreBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            api_keys: Vec::new(),
            api_base_path: "/auth".to_owned(),
            apps: Vec::new(),
            tenants: Vec::new(),
            clock: Arc::new(SystemClock),
            access_token_validity: Duration::from_secs(3600),
        }
    }
}

impl fmt::Debug for DevCoreBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DevCoreBuilder")
            .field("port", &self.port)
            .field(
                "api_keys",
                &format_args!("{} redacted", self.api_keys.len()),
            )
            .field("api_base_path", &self.api_base_path)
            .field("apps", &self.apps)
            .field("tenants", &self.tenants)
            .field("clock", &self.clock)
            .field("access_token_validity", &self.access_token_validity)
            .finish()
    }
}

fn is_api_key(key: &str) -> bool {
    let key = key.trim();
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A path without a slash at its end, or nothing for the root.
fn base_path(path: &str) -> Result<String, Error> {
    let trimmed = path.trim().trim_matches('/');
    let is_plain = trimmed
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte));
    if !is_plain {
        return Err(Error::ApiBasePath(path.to_owned()));
    }
    Ok(if trimmed.is_empty() {
        String::new()
    } else {
        format!("/{trimmed}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_settings_are_named() {
        let error = |builder: DevCoreBuilder| builder.in_memory().expect_err("refused").to_string();
        assert_eq!(
            error(DevCore::builder().app("App 2")),
            "\"App 2\" is no name for an app or tenant: use a-z, 0-9 and -"
        );
        assert!(error(DevCore::builder().tenant("")).starts_with("\"\" is no name"));
        assert!(error(DevCore::builder().api_base_path("/a?b")).contains("\"/a?b\""));
        let secret = error(DevCore::builder().api_key("sécret"));
        assert!(!secret.contains("cret"), "{secret}");
        assert!(matches!(
            DevCore::builder().api_key(" \n").in_memory(),
            Err(Error::ApiKey)
        ));
    }

    #[test]
    fn api_keys_are_not_shown() {
        let builder = DevCore::builder()
            .api_key("secret-key-1")
            .api_key("secret-key-2");
        assert!(!format!("{builder:?}").contains("secret"));
        let core = builder.in_memory().expect("a core");
        assert!(!format!("{core:?}").contains("secret"));
    }

    #[test]
    fn base_paths() {
        for (given, path) in [
            ("/auth", "/auth"),
            ("auth/", "/auth"),
            ("/", ""),
            ("", ""),
            ("/a/b", "/a/b"),
        ] {
            assert_eq!(base_path(given).ok().as_deref(), Some(path), "{given}");
        }
    }

    #[test]
    fn outside_tokio_there_is_an_error() {
        let mut start = Box::pin(DevCore::start());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let outcome = Future::poll(start.as_mut(), &mut context);
        assert!(matches!(
            outcome,
            std::task::Poll::Ready(Err(Error::NoRuntime))
        ));
    }

    #[tokio::test]
    async fn a_taken_port_is_an_error_that_names_it() {
        let first = DevCore::start().await.expect("a core");
        let port: u16 = first
            .connection_uri()
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("a port");
        let error = DevCore::builder()
            .port(port)
            .start()
            .await
            .expect_err("taken");
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_none());
    }
}
