//! The main job in one program: two services, `orders` and `billing`, and who is let in.
//!
//! `cargo run --bin quickstart` runs it on an embedded core; with `ST_M2M_CONNECTION_URI` (and `ST_M2M_API_KEY`,
//! where the core has one) it runs on a real one. `-- --serve` keeps the services up and prints `curl` lines.
// A program in modules of its own.
#![allow(unreachable_pub)]

mod attempts;
mod billing;
mod core;
mod orders;

use std::{
    env,
    error::Error,
    io::{self, ErrorKind, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use axum::Router;
use st_m2m::{Config, M2m};
use tokio::net::TcpListener;

use crate::{core::Core, orders::BillingClient};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&mut io::stdout()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
            // Whoever closed stdout, as `| head` does, wants to read no more.
            if !error.downcast_ref().is_some_and(closed) {
                let _ = writeln!(io::stderr(), "quickstart: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether everybody was answered as expected.
async fn run(out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let mut serve = false;
    for argument in env::args_os().skip(1) {
        if argument != "--serve" {
            let argument = argument.display();
            return Err(format!("unknown argument `{argument}`; known is --serve").into());
        }
        serve = true;
    }

    let core = Core::start().await?;
    writeln!(out, "core     {} ({})", core.hosts(), core.kind())?;

    // Each service is configured on its own, as in two processes; most programs call `st_m2m::init` instead.
    let billing = M2m::start(core.service("billing").build()?).await?;
    let billing_at = spawn(billing::router(billing)).await?;
    writeln!(out, "billing  http://{billing_at}")?;

    let orders_config: Config = core
        .service("orders")
        .url("billing", format!("http://{billing_at}"))
        .build()?;
    let orders = M2m::start(orders_config).await?;
    let client = BillingClient::builder().m2m(&orders).build();
    let orders_at = spawn(orders::router(client)).await?;
    writeln!(out, "orders   http://{orders_at}, calls billing\n")?;

    let attempts = attempts::all(&core, &orders, orders_at, billing_at).await?;
    let differing = attempts::print_table(out, &attempts)?;

    if serve {
        attempts::print_curl_lines(out, &orders, orders_at, billing_at)?;
        tokio::signal::ctrl_c().await?;
    }
    if differing.is_empty() {
        writeln!(out, "quickstart: ok")?;
        Ok(true)
    } else {
        writeln!(out, "quickstart: not as expected: {}", differing.join("; "))?;
        Ok(false)
    }
}

/// Serves `router` on a free loopback port.
async fn spawn(router: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// An HTTP client that does as it is told. On a machine without CA certificates it speaks plain http alone.
fn http_client() -> reqwest::Result<reqwest::Client> {
    let builder = || {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
    };
    builder()
        .build()
        .or_else(|_| builder().tls_certs_only([]).build())
}
