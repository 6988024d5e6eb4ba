//! Serves the keys of an issuer for as long as a command runs, which finds in its environment `JWKS_URI`, a service's
//! `TOKEN`, and a `FOREIGN_TOKEN` that another issuer signed: `issuer <command> [argument…]`.

use std::process::{Command, ExitCode};

use st_m2m_peers::Issuer;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().expect("issuer <command> [argument…]");
    let issuer = Issuer::new();
    let address = issuer.serve_jwks();
    let status = Command::new(&command)
        .args(arguments)
        .env("JWKS_URI", format!("http://{address}/jwks.json"))
        .env("TOKEN", issuer.token(1))
        .env("FOREIGN_TOKEN", Issuer::new().token(1))
        .status()
        .expect("the command starts");
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}
