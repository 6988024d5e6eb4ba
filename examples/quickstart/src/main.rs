//! The main job in one program: two services, `orders` and `billing`, and who is let in.
//!
//! `cargo run --bin quickstart` runs it on an embedded core; with `ST_M2M_CONNECTION_URI` (and `ST_M2M_API_KEY`,
//! where the core has one) it runs on a real one. `-- --serve` keeps the services up and prints `curl` lines.
// A program for a terminal, in modules of its own.
#![allow(clippy::print_stdout, unreachable_pub)]

mod attempts;
mod billing;
mod core;
mod orders;

use std::{error::Error, net::SocketAddr, process::ExitCode};

use axum::Router;
use st_m2m::{Config, M2m};
use tokio::net::TcpListener;

use crate::{core::Core, orders::BillingClient};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let serve = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--serve") => true,
        Some(other) => return Err(format!("unknown argument `{other}`; known is --serve").into()),
    };

    let core = Core::start().await?;
    println!("core     {} ({})", core.connection_uri(), core.kind());

    // Each service is configured on its own, as in two processes; most programs call `st_m2m::init` instead.
    let billing = M2m::start(core.service("billing").build()?).await?;
    let billing_at = spawn(billing::router(billing)).await?;
    println!("billing  http://{billing_at}");

    let orders_config: Config = core
        .service("orders")
        .url("billing", format!("http://{billing_at}"))
        .build()?;
    let orders = M2m::start(orders_config).await?;
    let client = BillingClient::builder().m2m(&orders).build();
    let orders_at = spawn(orders::router(client)).await?;
    println!("orders   http://{orders_at}, calls billing\n");

    let attempts = attempts::all(&core, &orders, orders_at, billing_at).await?;
    let differing = attempts::print_table(&attempts);

    if serve {
        attempts::print_curl_lines(&orders, orders_at, billing_at)?;
        tokio::signal::ctrl_c().await?;
    }
    if differing.is_empty() {
        println!("quickstart: ok");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("quickstart: not as expected: {}", differing.join("; "));
        Ok(ExitCode::FAILURE)
    }
}

/// Serves `router` on a free loopback port.
async fn spawn(router: Router) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// An HTTP client that does as it is told. It speaks plain http alone, so it needs no CA certificates.
fn plain_http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
}
