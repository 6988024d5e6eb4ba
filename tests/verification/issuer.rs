//! An issuer whose keys a test publishes, removes, or keeps to itself, and a receiver that asks it.

use std::{
    pin::pin,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use serde_json::{Value, json};
use st_m2m::{
    Caller, Config, ConfigBuilder, JwksSource, M2m, Reason, SigningKey,
    clock::Clock,
    dev::DevCore,
    transport::{Request, Response, ResponseFuture, Transport},
};
use st_m2m_tests::{
    jwt::{self, ISSUER, claims, header},
    still::{self, NOW, shared_core},
    verdict::{caller, verdict},
};
use tokio::task::JoinHandle;

/// An issuer on the other side of the HTTP seam. It counts who asks.
#[derive(Clone, Debug)]
pub(crate) struct Issuer(Arc<State>);

#[derive(Debug)]
struct State {
    published: Mutex<Published>,
    fetches: AtomicUsize,
    latency: Duration,
}

/// What an issuer does when it is asked for its keys.
#[derive(Clone, Debug)]
pub(crate) enum Published {
    /// It serves these.
    Keys(Vec<Value>),
    /// It lets this core answer.
    Core(DevCore),
    /// It cannot be reached.
    Down,
    /// It takes the connection and never answers.
    Hangs,
    /// It answers with this status.
    Status(u16),
}

impl Issuer {
    /// One that cannot be reached yet, and answers without delay when it can.
    pub(crate) fn new() -> Self {
        Self::with_latency(Duration::ZERO)
    }

    pub(crate) fn with_latency(latency: Duration) -> Self {
        Self(Arc::new(State {
            published: Mutex::new(Published::Down),
            fetches: AtomicUsize::new(0),
            latency,
        }))
    }

    /// Publishes the keys of these cores, and no others.
    pub(crate) fn publish(&self, cores: &[&DevCore]) {
        let keys = cores.iter().flat_map(|core| keys(core)).collect();
        self.become_(Published::Keys(keys));
    }

    pub(crate) fn become_(&self, published: Published) {
        *self.0.published.lock().expect("not poisoned") = published;
    }

    /// How often it was asked.
    pub(crate) fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::Relaxed)
    }

    /// The configuration of a receiver that asks it. Its clock stands at [`still::NOW`].
    pub(crate) fn config(&self) -> ConfigBuilder {
        Config::builder()
            .api_domain(ISSUER)
            .clock(still::clock())
            .transport(Arc::new(self.clone()))
    }

    /// A receiver whose clock stands.
    pub(crate) async fn receiver(&self) -> M2m {
        start(self.config()).await
    }

    /// A receiver whose clock follows tokio's.
    pub(crate) async fn receiver_in_time(&self, clock: Arc<dyn Clock>) -> M2m {
        start(self.config().clock(clock)).await
    }
}

impl Transport for Issuer {
    fn send(&self, request: Request, max_response_bytes: usize) -> ResponseFuture<'_> {
        self.0.fetches.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if !self.0.latency.is_zero() {
                tokio::time::sleep(self.0.latency).await;
            }
            let published = self.0.published.lock().expect("not poisoned").clone();
            let (status, body) = match published {
                Published::Keys(keys) => (200, json!({ "keys": keys }).to_string()),
                Published::Core(core) => return core.send(request, max_response_bytes).await,
                Published::Status(status) => (status, String::new()),
                Published::Hangs => std::future::pending().await,
                Published::Down => {
                    let cause = "connection refused";
                    return Err(st_m2m::transport::Error::Connect(cause.into()));
                }
            };
            let mut response = Response::new(body.into());
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            Ok(response)
        })
    }
}

pub(crate) async fn start(config: ConfigBuilder) -> M2m {
    M2m::start(config.build().expect("a configuration"))
        .await
        .expect("started")
}

/// A receiver with the shared core's keys, which never change.
pub(crate) async fn receiver_with_fixed_keys(
    change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> M2m {
    let jwks = shared_core().jwks().expect("keys").to_string();
    let config = Issuer::new().config().jwks(JwksSource::Document(jwks));
    start(change(config)).await
}

/// The published keys of a core.
pub(crate) fn keys(core: &DevCore) -> Vec<Value> {
    let jwks = core.jwks().expect("keys");
    jwks["keys"].as_array().cloned().expect("keys")
}

/// A good token of this core, signed with its static key.
pub(crate) fn token(core: &DevCore) -> String {
    token_with(core, "jti", &json!("1"))
}

/// A good token with one claim changed. It lives for a day.
pub(crate) fn token_with(core: &DevCore, claim: &str, value: &Value) -> String {
    let mut claims = claims();
    claims["exp"] = json!(NOW + 86_400);
    claims[claim] = value.clone();
    jwt::sign(core, SigningKey::Static, &header(), &claims)
}

/// A token that is good but for its key id, which no issuer has.
pub(crate) fn unknown(number: usize) -> String {
    let mut header = header();
    header["kid"] = json!(format!("s-unknown-{number}"));
    jwt::unsigned(&header.to_string(), &claims().to_string())
}

/// Two cores with keys of their own, which all tests share. They were not made in the same millisecond, by which a core names its keys.
pub(crate) fn two_cores() -> (DevCore, DevCore) {
    static OTHER: LazyLock<DevCore> = LazyLock::new(|| {
        let core = still::core_at(NOW - 1);
        // As in `shared_core`.
        core.jwks().expect("keys");
        core
    });
    (shared_core(), OTHER.clone())
}

/// The caller whom a guard finds at once: the request waits for nothing.
pub(crate) fn caller_at_once(m2m: &M2m, token: &str) -> Result<Caller, Reason> {
    let caller = pin!(caller(m2m, token));
    match caller.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(caller) => caller,
        Poll::Pending => panic!("the request waits"),
    }
}

/// What a guard says at once.
pub(crate) fn verdict_at_once(m2m: &M2m, token: &str) -> Result<(), Reason> {
    caller_at_once(m2m, token).map(drop)
}

/// Requests that come at once, one with each token.
pub(crate) fn crowd(
    m2m: &M2m,
    tokens: impl IntoIterator<Item = String>,
) -> Vec<JoinHandle<Result<(), Reason>>> {
    let request = |token: String| {
        let m2m = m2m.clone();
        tokio::spawn(async move { verdict(&m2m, &token).await })
    };
    tokens.into_iter().map(request).collect()
}

/// Each of these requests is answered so.
pub(crate) async fn assert_all(
    requests: Vec<JoinHandle<Result<(), Reason>>>,
    expected: Result<(), Reason>,
) {
    for request in requests {
        assert_eq!(request.await.expect("no panic"), expected);
    }
}

/// Lets this time pass, and whatever happens in it.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Lets everything happen that needs no time.
pub(crate) async fn settle() {
    pass(Duration::from_millis(1)).await;
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
