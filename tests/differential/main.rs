//! Our guard, `jose` of npm and `PyJWT` of Python judge the same tokens, good ones and broken ones. Where they
//! differ, the table in `differences` says why. What we accept, at least one of the others must accept.
//!
//! The peers are set as a careful user would who wants our rules: the same keys, RS256 alone, the same issuers, the
//! same leeway, `exp`, `iat` and `iss` required, and then `source` compared. jose also gets `typ`, and a greatest age,
//! with which it looks at `iat`. All three judge at one moment: ours has a clock that stands, jose takes the time as an
//! option, and `PyJWT`'s module gets a `datetime` whose `now` stands.
//!
//! It needs Node.js, Python and their packages, which a Rust developer may not have: without them it says so and
//! passes. `tests/differential/run` has it install the packages first, and so does `CI` in the environment: then the
//! test fails when it cannot run.

#![expect(
    clippy::print_stdout,
    reason = "its report is what a test without a harness has to say"
)]

mod changes;
mod differences;
mod draft;
mod keys;
mod peers;
mod random;
mod report;
mod samples;
mod verdict;

use std::{env, process::ExitCode, time::Duration};

use http::HeaderValue;
use serde_json::json;
use st_m2m::{Config, JwksSource, M2m};
use st_m2m_tests::{jwt::ISSUER, still, still::NOW, verdict::caller};

use keys::Keys;
use peers::Peer;
use report::Report;
use samples::Sample;
use verdict::{Facts, Verdict};

const SECOND_ISSUER: &str = "https://second.example.com/Auth";
const LEEWAY: u64 = 5;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().collect();
    let has = |argument: &str| arguments.iter().any(|it| it == argument);
    // cargo-nextest asks which tests there are; to it there are none.
    if has("--list") {
        return ExitCode::SUCCESS;
    }
    let on_ci = env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    let install = on_ci || has("--install");
    let peers = match peers::find(install) {
        Ok(peers) => peers,
        Err(reason) if install => {
            println!(
                "differential: failed: {reason} (CI or --install is set: nothing may be skipped)"
            );
            return ExitCode::FAILURE;
        }
        Err(reason) => {
            println!("differential: skipped: {reason}");
            return ExitCode::SUCCESS;
        }
    };
    match judged(&peers).await {
        Ok(report) => report.close(),
        Err(error) => {
            println!("differential: FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn judged(peers: &[Peer; 2]) -> Outcome<Report> {
    let keys = Keys::generate();
    let samples = samples::all(&keys);
    let job = json!({
        "now": NOW, "leeway": LEEWAY, "issuers": [ISSUER, SECOND_ISSUER], "source": "microservice", "jwks": keys.jwks,
        "tokens": samples.iter().map(|sample| &sample.token).collect::<Vec<_>>(),
    });
    let [jose, pyjwt] = peers;
    let (ours, jose, pyjwt) =
        tokio::join!(guard(&keys, &samples), jose.judge(&job), pyjwt.judge(&job));
    Ok(Report::new(samples, [ours?, jose?, pyjwt?]))
}

/// Our guard's verdicts.
async fn guard(keys: &Keys, samples: &[Sample]) -> Outcome<Vec<Verdict>> {
    let config = Config::builder()
        .api_domain(ISSUER)
        .issuers([ISSUER, SECOND_ISSUER])
        .leeway(Duration::from_secs(LEEWAY))
        .jwks(JwksSource::Document(keys.jwks.to_string()))
        .clock(still::clock())
        .build()?;
    let m2m = M2m::start(config).await?;
    let mut verdicts = Vec::new();
    for sample in samples {
        // What cannot stand in a header never comes to a guard.
        let verdict = if HeaderValue::try_from(format!("Bearer {}", sample.token)).is_err() {
            Verdict::Refused("no_header_value".to_owned())
        } else {
            match caller(&m2m, &sample.token).await {
                Ok(caller) => Verdict::Accepted(Some(Facts::of(&caller))),
                Err(reason) => Verdict::Refused(reason.as_str().to_owned()),
            }
        };
        verdicts.push(verdict);
    }
    Ok(verdicts)
}
