//! Service-to-service authentication with [SuperTokens](https://supertokens.com).
//!
//! Call [`init`] once, put [`#[m2m_protected]`](macro@m2m_protected) on a handler and it answers only to your other
//! services; put [`#[session_or_m2m]`](macro@session_or_m2m) on one that users may call as well; put `#[m2m_client]` on a
//! trait and it is a typed HTTP client that authenticates itself.
//!
#![cfg_attr(
    all(feature = "axum", feature = "client", feature = "dev-core"),
    doc = "```"
)]
#![cfg_attr(
    not(all(feature = "axum", feature = "client", feature = "dev-core")),
    doc = "```ignore"
)]
//! use axum::{Extension, Json, Router, routing::post};
//! use serde::{Deserialize, Serialize};
//! use st_m2m::{Caller, Config, M2m, client, dev::DevCore, m2m_client, m2m_protected};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Charge { amount: u64 }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Receipt { amount: u64, called_by: Option<String> }
//!
//! // The service that is called.
//! #[m2m_protected(from = ["orders"])]
//! async fn charge(#[caller] caller: Caller, Json(charge): Json<Charge>) -> Json<Receipt> {
//!     Json(Receipt { amount: charge.amount, called_by: caller.service().map(str::to_owned) })
//! }
//!
//! // The same service, as its callers see it.
//! #[m2m_client(service = "billing")]
//! trait Billing {
//!     #[post("/charges")]
//!     async fn charge(&self, #[body] charge: &Charge) -> Result<Receipt, client::Error>;
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let core = DevCore::start().await?; // in production: the address of SuperTokens Core
//! let config = || Config::builder().connection_uri(core.connection_uri()).api_domain(core.api_domain());
//!
//! let billing = M2m::start(config().service("billing").build()?).await?;
//! let app = Router::new().route("/charges", post(charge)).layer(Extension(billing));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("http://{}", listener.local_addr()?);
//! tokio::spawn(async move { axum::serve(listener, app).await });
//!
//! // Most programs have one service and call `st_m2m::init(config).await?` and `BillingClient::new()`.
//! let orders = M2m::start(config().service("orders").url("billing", url).build()?).await?;
//! let receipt = BillingClient::builder().m2m(&orders).build().charge(&Charge { amount: 5 }).await?;
//! assert_eq!(receipt.called_by.as_deref(), Some("orders"));
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! 1. At start, a service asks SuperTokens Core for a JWT with `source: "microservice"` and its own name as `sub`
//!    (SuperTokens' "legacy" microservice flow), and checks what it got.
//! 2. It sends that token as `Authorization: Bearer …` with every call of a generated client.
//! 3. The receiver verifies it with the issuer's public keys, holds it to the whole rules of a service's token, and
//!    only then runs the handler's other extractors. Sessions, `OAuth2` tokens and every other JWT that the same keys
//!    sign are refused, whatever they claim.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `axum` | yes | `#[m2m_protected]` and `#[session_or_m2m]` on axum 0.8 handlers |
//! | `client` | yes | `#[m2m_client]` |
//! | `dev-core` | no | `dev::DevCore`, an embedded core for development and tests |
//! | `metrics` | no | counters and gauges through the `metrics` facade: see [`observe`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod clock;
mod config;
#[cfg(feature = "dev-core")]
pub mod dev;
pub mod error;
mod excerpt;
mod guard;
pub mod jwks;
mod m2m;
pub mod observe;
mod secret;
mod session;
mod status;
mod supertokens;
mod token;
pub mod transport;
mod verify;
mod web;

#[cfg(feature = "client")]
pub mod client;

#[doc(hidden)]
pub mod __private;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use verify::fuzzing;

/// Guards an `async fn` handler: only other services may call it.
///
/// The check runs before every other extractor, so whoever is refused is refused before a path is parsed or a body
/// is read. How refusals are answered: [`Rejection`].
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use axum::{Json, Router, extract::Path, routing::{get, post}};
/// use st_m2m::{Caller, m2m_protected};
///
/// // Any service.
/// #[m2m_protected]
/// async fn reindex() {}
///
/// // Two services, and who it was.
/// #[m2m_protected(from = ["orders", "checkout"])]
/// async fn charge(#[caller] caller: Caller, Path(id): Path<u64>) -> Json<Option<String>> {
///     Json(caller.service().map(str::to_owned))
/// }
///
/// let app: Router = Router::new().route("/reindex", post(reindex)).route("/charges/{id}", get(charge));
/// ```
///
/// # Keys
///
/// | key | value | default |
/// |---|---|---|
/// | `from` | `"orders"` or `["orders", "checkout"]`: the services that may call, by the `sub` of their token; others are answered 403 | any service |
/// | `crate` | `::path` or `crate::path` of this crate, where it has another name | `::st_m2m` |
///
/// `#[caller] name: Caller` on one parameter receives the verified [`Caller`]; any irrefutable pattern will do.
///
/// # Which [`M2m`]
///
/// The one in the request's extensions, else the process-global one of [`init`]. Without either, every request is
/// answered 503.
///
/// # What it expands to
///
/// A hidden type with the policy, and the function with a hidden first argument that proves the policy was enforced:
///
/// ```ignore
/// #[doc(hidden)]
/// struct __Policy_charge;
/// impl ::st_m2m::__private::Policy for __Policy_charge { /* from, and where the handler stands */ }
///
/// async fn charge(__m2m: ::st_m2m::Guard<__Policy_charge>, Path(id): Path<u64>) -> Json<Option<String>> {
///     let caller: Caller = ::st_m2m::__private::caller::<Caller, _>(__m2m);
///     Json(caller.service().map(str::to_owned))
/// }
/// ```
///
/// Body, return type, generics, `where` clauses, attributes and visibility stay as they are. Only this crate makes a
/// [`Guard`], so the handler cannot be called or routed without the check. The body may be half-written: the attribute
/// does not look inside. Put the attribute above route attributes, and `#[axum::debug_handler]` below it; the other
/// way round does not compile.
///
/// # Errors
///
/// An unknown key (with the nearest name), a key twice, a wrong value, `from = []`, an empty, odd or repeated name; an
/// item that is no free `async fn`; `const`, `unsafe` or `extern`; `#[caller]` twice, with arguments, or on a type that
/// is no caller. All are reported at once, each where it stands.
pub use st_m2m_macros::m2m_protected;

/// Guards an `async fn` handler: your users may call it, with a `SuperTokens` frontend session, and your other services.
///
/// The check runs before every other extractor, as with [`#[m2m_protected]`](macro@m2m_protected), and the answer carries
/// what the browser must learn of its session: a new access token, or cookies to forget.
///
#[cfg_attr(
    all(feature = "axum", feature = "client", feature = "dev-core"),
    doc = "```"
)]
#[cfg_attr(
    not(all(feature = "axum", feature = "client", feature = "dev-core")),
    doc = "```ignore"
)]
/// use axum::{Extension, Router, extract::Path, routing::{get, post}};
/// use st_m2m::{
///     Config, HasValue, M2m, Principal, Session, client, dev::DevCore, m2m_client, session_or_m2m,
/// };
///
/// // Any user, any service.
/// #[session_or_m2m]
/// async fn who(#[caller] who: Principal) -> String {
///     match who {
///         Principal::User(session) => format!("the user {}", session.user_id()),
///         Principal::Service(caller) => format!("the service {}", caller.service().unwrap_or("without a name")),
///     }
/// }
///
/// static EMAIL_VERIFIED: HasValue = HasValue::is_true("st-ev");
///
/// // Users with a verified address whose session has not been revoked, and one service.
/// #[session_or_m2m(from = "billing", user(check_database, claims(EMAIL_VERIFIED)))]
/// async fn like(#[caller] session: Option<Session>, Path(id): Path<u64>) -> String {
///     format!("{id} {}", session.is_some())
/// }
///
/// // The same service, as other services see it.
/// #[m2m_client(service = "posts")]
/// trait Posts {
///     #[get("/who")]
///     async fn who(&self) -> Result<(), client::Error>;
///     #[post("/likes/{id}")]
///     async fn like(&self, id: u64) -> Result<(), client::Error>;
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let core = DevCore::start().await?; // in production: the address of SuperTokens Core
/// let config = || Config::builder().connection_uri(core.connection_uri()).api_domain(core.api_domain());
///
/// let posts = M2m::start(config().service("posts").build()?).await?;
/// let app = Router::new().route("/who", get(who)).route("/likes/{id}", post(like)).layer(Extension(posts));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let url = format!("http://{}", listener.local_addr()?);
/// tokio::spawn(async move { axum::serve(listener, app).await });
///
/// let session = core.create_session("alice", serde_json::Map::new())?;
/// let answer = reqwest::Client::new().get(format!("{url}/who")).bearer_auth(session).send().await?;
/// assert_eq!(answer.text().await?, "the user alice");
///
/// let orders = M2m::start(config().service("orders").url("posts", url).build()?).await?;
/// let posts = PostsClient::builder().m2m(&orders).build();
/// posts.who().await?;
/// let refused = posts.like(7).await.expect_err("`orders` is not `billing`");
/// assert_eq!(refused.status().map(|it| it.as_u16()), Some(403));
/// # Ok(())
/// # }
/// ```
///
/// # Keys
///
/// What stands outside `user(…)` is about services, what stands inside about users, and neither about the other.
///
/// | key | value | default |
/// |---|---|---|
/// | `from` | `"orders"` or `["orders", "checkout"]`: the services that may call, by the `sub` of their token; others are answered 403 | any service |
/// | `user(check_database)` | `on`, also without a value, or `off`: whether the core is asked if the session has ended | [`session_check_database`](ConfigBuilder::session_check_database) |
/// | `user(anti_csrf = …)` | `on` or `off`: whether a request with its session in a cookie must show that no other site forged it | `on`, except for `GET` |
/// | `user(tenant = …)` | `"t1"`: the tenant whose users may call; others are answered 403 | any tenant |
/// | `user(claims(…))` | paths of `static`s or `const`s that are [`ClaimValidator`]s: claims that a session must have, besides those of the configuration | none |
/// | `crate` | `::path` or `crate::path` of this crate, where it has another name | `::st_m2m` |
///
/// Several keys of users stand in one `user(…)`: `user(check_database, anti_csrf = off, tenant = "t1", claims(A, B))`.
///
/// `#[caller] name: T` on one parameter receives who calls; any irrefutable pattern will do. `T` is
///
/// * [`Principal`]: either of the two;
/// * `Option<`[`Session`]`>`: the user, or `None` for a service;
/// * `Option<`[`Caller`]`>`: the service, or `None` for a user.
///
/// # Answers
///
/// | who calls | answer |
/// |---|---|
/// | a user with a good session | the handler's; with a new access token at its first use after a refresh, and where the handler changed the payload |
/// | a service with a good token that `from` names | the handler's, as it is |
/// | nobody: no token at all | 401 `unauthorised` |
/// | a session that has expired, is badly signed, or came in a cookie without what anti-csrf asks for | 401 `try refresh token`: browsers refresh and try again |
/// | a session that has ended | 401 `unauthorised`, and the browser forgets it |
/// | a session of another tenant | 403 `forbidden` |
/// | a session without a claim that it must have | 403 `invalid claim`, with the claims |
/// | a service's token that is not good | 401 `unauthorised` |
/// | a service that `from` does not name | 403 `forbidden` |
/// | anybody, while keys or the core cannot be had, or without an [`M2m`] | 503 |
///
/// [`Rejection`] has bodies, headers, and where the statuses of sessions can be changed. The [`M2m`] is found as for
/// [`#[m2m_protected]`](macro@m2m_protected).
///
/// # Differences from the SDK
///
/// The SDK's guide verifies a session with `sessionRequired: false` and a service's token where there is none. So does this,
/// in that order: a session goes first, and one that fails is answered 401 whatever else was sent. It differs in this:
///
/// * a service's token is held to the whole rules of one, which no session, `OAuth2` or other token satisfies;
/// * `anti_csrf = off` or `on` is said in words, and `on` holds for `GET` as well;
/// * claim validators look at the payload alone and fetch nothing, since what a claim is fetched from is known to the service
///   that hosts `SuperTokens`' API;
/// * a session must carry the `version` that the core writes into its header, unless
///   [`session_allow_unversioned`](ConfigBuilder::session_allow_unversioned);
/// * with [`bearer_first`](ConfigBuilder::bearer_first) a service's token goes before sessions in cookies.
///
/// `user(…)` is about users: services pass by claims, tenant, anti-csrf and the database.
///
/// # What it expands to
///
/// A hidden type with the policy, and the handler with a hidden first argument that proves the policy was enforced. It wraps
/// the answer, and what you wrote is a function in it:
///
/// ```ignore
/// #[doc(hidden)]
/// struct __Policy_like;
/// impl ::st_m2m::__private::PrincipalPolicy for __Policy_like { /* from, user(…), and where the handler stands */ }
///
/// async fn like(__m2m: ::st_m2m::PrincipalGuard<__Policy_like>, __1: Path<u64>) -> ::st_m2m::__private::Reply<String> {
///     async fn like(session: Option<Session>, Path(id): Path<u64>) -> String {
///         format!("{id} {}", session.is_some())
///     }
///     let __caller = ::st_m2m::__private::principal::<Option<Session>, _>(&__m2m);
///     ::st_m2m::__private::reply(__m2m, like(__caller, __1).await)
/// }
/// ```
///
/// So `?`, `return` and `impl Trait` mean in the body what they always do, generics, `where` clauses and visibility stay,
/// and the body may be half-written. Attributes stay on the handler, where frameworks look for them; those about lints hold
/// for the body, too; `#[instrument]` goes to what you wrote, since it looks at its parameters and its answer. Names of
/// parameters stay, except a name that is the handler's own or starts with `__`. Put the attribute above route attributes, and
/// `#[axum::debug_handler]` below it; the other way round does not compile.
///
/// # Errors
///
/// As with [`#[m2m_protected]`](macro@m2m_protected), and: a key of users outside `user(…)`, or one of services inside it; an
/// empty list; a validator twice, or one that is none; `#[m2m_protected]` on the same handler.
pub use st_m2m_macros::session_or_m2m;

/// Makes a typed HTTP client of a trait. Every call carries this service's token.
///
#[cfg_attr(all(feature = "axum", feature = "dev-core"), doc = "```")]
#[cfg_attr(not(all(feature = "axum", feature = "dev-core")), doc = "```ignore")]
/// use serde::{Deserialize, Serialize};
/// use st_m2m::{client::Error, m2m_client};
///
/// #[derive(Serialize)]
/// pub struct NewOrder { pub item: String }
///
/// #[derive(Deserialize)]
/// pub struct Order { pub id: u64, pub item: String }
///
/// /// The orders service.
/// #[m2m_client(service = "orders", base_url = "https://orders.internal/v1")]
/// pub trait Orders {
///     /// `GET /orders?status=open&tag=a&tag=b`
///     #[get("/orders")]
///     async fn list(&self, status: Option<&str>, #[query("tag")] tags: &[String]) -> Result<Vec<Order>, Error>;
///
///     /// `POST /orders`
///     #[post("/orders")]
///     async fn create(&self, #[body] order: &NewOrder) -> Result<Order, Error>;
///
///     /// `GET /orders/7`; 404 is `None`.
///     #[get("/orders/{id}")]
///     async fn find(&self, id: u64) -> Result<Option<Order>, Error>;
///
///     /// `DELETE /orders/7`; the body of the answer is ignored.
///     #[delete("/orders/{id}")]
///     async fn cancel(&self, id: u64) -> Result<(), Error>;
/// }
///
/// // Accept the trait, so that tests can pass a fake: `impl Orders for FakeOrders` needs no macro.
/// async fn cancel_all(orders: &impl Orders) -> Result<(), Error> {
///     for order in orders.list(Some("open"), &[]).await? {
///         orders.cancel(order.id).await?;
///     }
///     Ok(())
/// }
///
/// // The client of the process-global `M2m`, looked up at each call.
/// let orders = OrdersClient::new();
/// ```
///
/// # Keys
///
/// | key | value |
/// |---|---|
/// | `service` | required: the callee's name, `[a-z0-9-]+` |
/// | `base_url` | where it is, unless the builder or the configuration says otherwise: an absolute http(s) URL without query, fragment or credentials |
/// | `crate` | `::path` or `crate::path` of this crate, where it has another name |
///
/// # Endpoints
///
/// An endpoint is `async fn name(&self, …) -> Result<T, E>` with one of `#[get("/path")]`, `#[head]`, `#[post]`,
/// `#[put]`, `#[patch]`, `#[delete]`, `#[options]` or `#[request("PURGE", "/path")]`. `E` is [`client::Error`] or any
/// type that implements `From` for it. These attributes are no items: nothing is imported, and nothing collides with
/// attributes of a web framework. Methods with a default body and no such attribute are left alone.
///
/// A path starts with `/`, is appended to the base URL, and holds placeholders that are whole segments: `{id}`.
///
/// # Parameters
///
/// Names, verb and attributes decide, never types:
///
/// 1. `#[path]`, `#[query]` or `#[body]` on a parameter. `#[path("order-id")]` and `#[query("tag")]` give it another
///    name on the wire.
/// 2. Else a parameter whose name is a placeholder goes into the path.
/// 3. Else, with GET, HEAD, DELETE and OPTIONS, it is a query parameter under its own name.
/// 4. Else it is an error: say `#[body]` or `#[query]`.
///
/// | binding | value | on the wire |
/// |---|---|---|
/// | path | one `serde::Serialize` value: number, `bool`, `char`, string, unit variant, newtype of those | one percent-encoded segment; empty, `.` and `..` are refused with [`client::Error::InvalidRequest`] |
/// | query | the same; also an `Option`, omitted when `None`, or a list, one pair for each value | `key=value`, form-encoded |
/// | body | any `serde::Serialize` | JSON |
///
/// # Answers
///
/// The first type argument of the return type decides: `()` ignores the body; with `Option<T>` any 404, that of a
/// wrong path included, and an empty body are `None`; everything else is JSON, a `String` too. A HEAD answer has no
/// body: return `Result<(), E>`. Any status other than 2xx is [`client::Error::Status`].
///
/// # Time, size, redirects
///
/// A call has the time of `request_timeout` (5 s by default), an answer 8 MiB. Redirects are not followed and nothing
/// is sent twice. Plain http goes to loopback and to the hosts of `allow_http` only. Without a usable token nothing is
/// sent at all.
///
/// # What it expands to
///
/// * the trait, without these attributes, each endpoint as `fn name(&self, …) -> impl Future<Output = …> + Send`, with
///   `Send + Sync` as supertraits; implementors still write `async fn`. Take `&impl Orders`: the trait has no `dyn` form;
/// * `OrdersClient`, with the trait's visibility: `new()`, `builder()` (a [`client::ClientBuilder`]), `ENDPOINTS` (of
///   [`client::Endpoint`]), `Clone`, `Default`, and a `Debug` that shows nothing;
/// * `impl Orders for OrdersClient`, each method one chain of calls into this crate.
///
/// `#[cfg]` on the trait or on a method applies to everything made from it.
///
/// # Errors
///
/// Mistakes have messages that say what to write: in the attribute, the trait, the signatures, the paths, the mapping
/// of parameters, and in types that cannot be sent or read. All are reported at once, each where it stands, and the
/// trait itself stays usable.
#[cfg(feature = "client")]
pub use st_m2m_macros::m2m_client;

pub use self::{
    config::{Config, ConfigBuilder, JwksSource},
    error::{ConfigError, Error, SessionError},
    guard::{Caller, Guard, Principal, PrincipalGuard, Reason, Rejection, TokenKind},
    m2m::{M2m, init},
    session::{
        AntiCsrf, ClaimRefusal, ClaimValidator, ClaimValue, HasValue, SameSite, Session,
        TokenTransfer,
    },
    status::Status,
    supertokens::SigningKey,
    token::{JwtOptions, ServiceToken},
    verify::{AcceptKeys, PresentedToken, Revocation, RevocationCheck},
};
