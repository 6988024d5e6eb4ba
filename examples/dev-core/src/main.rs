//! `DevCore` alone: a SuperTokens-compatible core for development, on loopback, in memory.
//!
//! ```sh
//! cargo run --bin dev-core -- --port 3567
//! ```
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::{env, process::ExitCode};

use st_m2m::dev::{DevCore, DevCoreBuilder};

const HELP: &str = "\
A SuperTokens-compatible core for development. It listens on 127.0.0.1 and keeps nothing on disk.

Usage: dev-core [OPTIONS]

Options:
  --port NUMBER          port to listen on, 0 for a free one [default: 3567]
  --api-key-env NAME     environment variable that holds an api key to demand; repeatable
  --app NAME             further app, served below /appid-NAME; repeatable
  --tenant NAME          further tenant of every app; repeatable
  --api-base-path PATH   where the SDK's key endpoint is served [default: /auth]
  --help                 this text";

/// The real core's port.
const PORT: u16 = 3567;

/// What the command line asks for.
#[derive(Debug)]
enum Command {
    Help,
    Start(DevCoreBuilder),
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = parse(env::args().skip(1), |name| env::var(name).ok());
    let outcome = match command {
        Ok(Command::Help) => {
            println!("{HELP}");
            Ok(())
        }
        Ok(Command::Start(builder)) => run(builder).await,
        Err(message) => Err(format!("{message}\nTry --help.")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("dev-core: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Reads arguments; api keys come from `variable` alone, since arguments show in process lists.
fn parse(
    mut arguments: impl Iterator<Item = String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Command, String> {
    let mut builder = DevCore::builder().port(PORT);
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        if matches!(name.as_str(), "--help" | "-h") {
            return Ok(Command::Help);
        }
        let known = [
            "--port",
            "--api-key-env",
            "--app",
            "--tenant",
            "--api-base-path",
        ];
        if !known.contains(&name.as_str()) {
            return Err(format!("unknown argument {name:?}"));
        }
        let value = value
            .or_else(|| arguments.next())
            .ok_or_else(|| format!("{name} needs a value"))?;
        builder = match name.as_str() {
            "--port" => builder.port(
                value
                    .parse()
                    .map_err(|_| format!("--port {value:?} is no number from 0 to 65535"))?,
            ),
            "--api-key-env" => {
                let key = variable(&value)
                    .ok_or_else(|| format!("the environment has no variable {value}"))?;
                builder.api_key(key)
            }
            "--app" => builder.app(value),
            "--tenant" => builder.tenant(value),
            _ => builder.api_base_path(value),
        };
    }
    Ok(Command::Start(builder))
}

async fn run(builder: DevCoreBuilder) -> Result<(), String> {
    let core = builder.start().await.map_err(|error| error.to_string())?;
    println!("dev-core listens at {}", core.connection_uri());
    println!(
        "  SuperTokens Core API, CDI 2.7 to 5.4: /hello, /apiversion, /recipe/jwt, /.well-known/jwks.json,"
    );
    println!("  /recipe/session (create) and /recipe/session/verify");
    println!("  keys as a backend SDK serves them: {}", core.jwks_url());
    println!(
        "For development only: keys and sessions live in memory and are gone when it stops. Ctrl-C stops it."
    );
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    println!("dev-core stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        let variable = |name: &str| (name == "KEY").then(|| "a-secret-key".to_owned());
        parse(
            arguments.iter().map(|&argument| argument.to_owned()),
            variable,
        )
    }

    #[test]
    fn arguments() {
        let command = parsed(&[
            "--port=0",
            "--api-key-env",
            "KEY",
            "--app",
            "app2",
            "--app",
            "app3",
        ]);
        let Ok(Command::Start(builder)) = command else {
            panic!("{command:?}");
        };
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("port: 0") && shown.contains("app3"),
            "{shown}"
        );
        assert!(!shown.contains("secret"), "{shown}");
        assert!(matches!(parsed(&["--help"]), Ok(Command::Help)));
    }

    #[test]
    fn bad_arguments_are_named() {
        for (arguments, message) in [
            (&["--prt", "1"][..], "unknown argument \"--prt\""),
            (&["x"], "unknown argument \"x\""),
            (&["--port"], "--port needs a value"),
            (
                &["--port", "70000"],
                "--port \"70000\" is no number from 0 to 65535",
            ),
            (
                &["--api-key-env", "NO"],
                "the environment has no variable NO",
            ),
        ] {
            assert_eq!(parsed(arguments).map(|_| ()), Err(message.to_owned()));
        }
    }
}
