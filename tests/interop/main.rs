//! The SuperTokens Node SDK and the published guide's receiver against ours, with `DevCore` between them.
//!
//! It needs Node.js and npm packages, which a Rust developer may not have: without them it says so and passes.
//! `tests/interop/run` installs the packages first. Where the environment has `CI`, the test installs them itself, and
//! fails when it cannot.

#![expect(
    clippy::print_stdout,
    reason = "its report is what a test without a harness has to say"
)]

mod node;

use std::{env, process::ExitCode};

use axum::{
    Extension, Router,
    body::Body,
    http::{Request, StatusCode, header},
    routing::get,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use st_m2m::{Caller, Config, M2m, dev::DevCore, m2m_protected};
use tower::ServiceExt as _;

use node::Node;

const RIGHT_KEY: &str = "interop-right-key-0000000001";
const WRONG_KEY: &str = "interop-wrong-key-0000000001";

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    // cargo-nextest asks which tests there are; to it there are none.
    if env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let on_ci = env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    let node = match Node::find(on_ci) {
        Ok(node) => node,
        Err(reason) if on_ci => {
            println!("interop: failed: {reason} (CI is set: nothing may be skipped)");
            return ExitCode::FAILURE;
        }
        Err(reason) => {
            println!("interop: skipped: {reason}");
            return ExitCode::SUCCESS;
        }
    };

    let mut tally = Tally::default();
    tally.note(
        "the SDK mints with the static key, our guard accepts",
        sdk_token(&node, true).await,
    );
    tally.note(
        "the SDK mints with the dynamic key, our guard accepts",
        sdk_token(&node, false).await,
    );
    tally.note(
        "our token passes the guide's check, keys from the core",
        our_token(&node, "/.well-known/jwks.json").await,
    );
    tally.note(
        "our token passes the guide's check, keys from the SDK's endpoint",
        our_token(&node, "/auth/jwt/jwks.json").await,
    );
    tally.note(
        "a user's session that says it is a microservice: the guide accepts, our guard refuses",
        session(&node).await,
    );
    for anti_csrf in ["NONE", "VIA_TOKEN"] {
        tally.note(
            &format!(
                "the SDK signs users up and in, refreshes and ends sessions, anti-csrf {anti_csrf}"
            ),
            accounts(&node, anti_csrf).await,
        );
    }
    tally.note(
        "the SDK mints with the core's api key",
        right_key(&node).await,
    );
    tally.note(
        "the SDK is refused with another api key",
        wrong_key(&node).await,
    );
    tally.close()
}

/// What a Node service minted is good for our guard, and says who called.
async fn sdk_token(node: &Node, use_static_key: bool) -> Outcome {
    let core = DevCore::start().await?;
    let uri = core.connection_uri();
    let payload = r#"{"sub":"node-orders"}"#;
    let minted = node
        .run(
            "mint.mjs",
            &[
                uri,
                core.api_domain(),
                payload,
                "600",
                &use_static_key.to_string(),
            ],
            &[],
        )
        .await?;
    let token = text(&minted, "jwt")?;

    let service = Service::start(&core).await?;
    expect(
        &service.call(token).await?,
        &(StatusCode::OK, "node-orders".to_owned()),
    )?;
    // A token that differs in its signature alone is refused, so the guard did look.
    let (signed, _) = token.rsplit_once('.').ok_or("the JWT has no signature")?;
    let forged = format!("{signed}.{}", "A".repeat(342));
    expect(&service.call(&forged).await?.0, &StatusCode::UNAUTHORIZED)
}

/// What we minted is good for a Node service that follows the guide.
async fn our_token(node: &Node, jwks_path: &str) -> Outcome {
    let core = DevCore::start().await?;
    let service = Service::start(&core).await?;
    let token = service.own_token()?;
    let jwks_uri = format!("{}{jwks_path}", core.connection_uri());
    let checked = node
        .run("guide_check.mjs", &[&jwks_uri], &[("TOKEN", &token)])
        .await?;
    expect(&checked["ok"], &Value::from(true)).map_err(|error| format!("{error}: {checked}"))?;
    expect(&checked["claims"]["sub"], &Value::from("orders"))
}

/// Any user's session can have the claim that the guide looks at. That is why a guard must know a session when it sees
/// one.
async fn session(node: &Node) -> Outcome {
    let core = DevCore::start().await?;
    let uri = core.connection_uri();
    let session = node
        .run("sessions.mjs", &[uri, core.api_domain()], &[])
        .await?;
    let token = text(&session, "accessToken")?;
    expect(&session["userId"], &Value::from("interop-user"))?;
    expect(&session["source"], &Value::from("microservice"))?;
    expect(&session["sameInDatabase"], &Value::from(true))?;

    let jwks_uri = format!("{uri}/.well-known/jwks.json");
    let checked = node
        .run("guide_check.mjs", &[&jwks_uri], &[("TOKEN", token)])
        .await?;
    expect(&checked["ok"], &Value::from(true)).map_err(|error| format!("{error}: {checked}"))?;

    let service = Service::start(&core).await?;
    expect(&service.call(token).await?.0, &StatusCode::UNAUTHORIZED)
}

/// An application's whole dealings with users and sessions, each with the outcome that the SDK documents.
async fn accounts(node: &Node, anti_csrf: &str) -> Outcome {
    let core = DevCore::start().await?;
    let uri = core.connection_uri();
    let arguments = [uri, core.api_domain(), anti_csrf];
    let actual = node.run("accounts.mjs", &arguments, &[]).await?;
    let has_anti_csrf = anti_csrf == "VIA_TOKEN";
    let expected = json!({
        "signUp": [200, "OK", ["user@example.com"]],
        "signUpAgain": [200, "FIELD_ERROR"],
        "signInWrong": [200, "WRONG_CREDENTIALS_ERROR"],
        "signIn": [200, "OK", true],
        "sameUser": true,
        "regenerated": "admin",
        "information": [{"theme": "dark"}, "admin", true, "public"],
        "refreshed": [200, 200, true],
        "replaced": [true, true, "admin"],
        "confirmed": true,
        "stolen": [401, "token theft detected"],
        "afterTheft": ["UNAUTHORISED", 401],
        "signOut": [200, "OK"],
        "signedOut": ["UNAUTHORISED", 401],
        "stillIn": true,
        "revoked": 2,
        "counts": [3, 2, 0],
        "cookies": [has_anti_csrf, if has_anti_csrf { 401 } else { 200 }, 200],
        "tenants": [true, ["public", "t1"]],
        "elsewhere": ["OK", true, "t1", true],
    });
    expect(&actual, &expected)
}

async fn right_key(node: &Node) -> Outcome {
    let core = DevCore::builder().api_key(RIGHT_KEY).start().await?;
    let uri = core.connection_uri();
    let minted = node
        .run(
            "mint.mjs",
            &[uri, core.api_domain()],
            &[("CORE_API_KEY", RIGHT_KEY)],
        )
        .await?;
    text(&minted, "jwt").map(drop)
}

async fn wrong_key(node: &Node) -> Outcome {
    let core = DevCore::builder().api_key(RIGHT_KEY).start().await?;
    let uri = core.connection_uri();
    let refused = node
        .run(
            "mint.mjs",
            &[uri, core.api_domain()],
            &[("CORE_API_KEY", WRONG_KEY)],
        )
        .await?;
    let error = text(&refused, "error")?;
    if !error.contains("status code: 401 and message: Invalid API key\n") {
        return Err(format!("the SDK reports {error:?}").into());
    }
    Ok(())
}

/// Our side: a service `orders` with a guarded route.
struct Service {
    m2m: M2m,
    router: Router,
}

impl Service {
    /// `DevCore` stands for the API's host too, since it serves the SDK's key endpoint.
    async fn start(core: &DevCore) -> Outcome<Self> {
        let config = Config::builder()
            .connection_uri(core.connection_uri())
            .api_domain(core.api_domain())
            .service("orders")
            .build()?;
        let m2m = M2m::start(config).await?;
        let router = Router::new()
            .route("/", get(who))
            .layer(Extension(m2m.clone()));
        Ok(Self { m2m, router })
    }

    fn own_token(&self) -> Outcome<String> {
        Ok(self.m2m.token()?.expose().to_owned())
    }

    /// Status and body of the guarded route.
    async fn call(&self, token: &str) -> Outcome<(StatusCode, String)> {
        let request = Request::get("/")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, String::from_utf8(body.to_vec())?))
    }
}

#[m2m_protected]
async fn who(#[caller] caller: Caller) -> String {
    caller.service().unwrap_or("nobody").to_owned()
}

fn text<'a>(result: &'a Value, key: &str) -> Outcome<&'a str> {
    Ok(result[key]
        .as_str()
        .ok_or_else(|| format!("no `{key}` in {result}"))?)
}

fn expect<T: PartialEq + std::fmt::Debug>(actual: &T, expected: &T) -> Outcome {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, got {actual:?}").into())
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn note(&mut self, what: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("interop: ok: {what}");
            }
            Err(error) => {
                self.failed += 1;
                println!("interop: FAILED: {what}: {error}");
            }
        }
    }

    fn close(self) -> ExitCode {
        println!("interop: {} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
