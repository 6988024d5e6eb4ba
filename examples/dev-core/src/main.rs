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
  --tenant NAME          further tenant of these apps; repeatable
  --api-base-path PATH   where the SDK's key endpoint is served [default: /auth]
  --help                 this text";

/// The real core's port.
const PORT: u16 = 3567;

const KNOWN: [&str; 6] = [
    "--port",
    "--api-key-env",
    "--app",
    "--tenant",
    "--api-base-path",
    "--help",
];

/// What the command line asks for.
#[derive(Debug)]
enum Command {
    Help,
    Start {
        builder: DevCoreBuilder,
        /// Names of the variables that hold the api keys.
        api_key_variables: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = parse(env::args().skip(1), |name| env::var(name).ok());
    let outcome = match command {
        Ok(Command::Help) => {
            println!("{HELP}");
            Ok(())
        }
        Ok(Command::Start {
            builder,
            api_key_variables,
        }) => run(builder, &api_key_variables).await,
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
    let mut api_key_variables = Vec::new();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        if matches!(name.as_str(), "--help" | "-h") {
            return Ok(Command::Help);
        }
        if !KNOWN.contains(&name.as_str()) {
            return Err(unknown(&name));
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
                api_key_variables.push(value);
                builder.api_key(key)
            }
            "--app" => builder.app(value),
            "--tenant" => builder.tenant(value),
            _ => builder.api_base_path(value),
        };
    }
    Ok(Command::Start {
        builder,
        api_key_variables,
    })
}

fn unknown(argument: &str) -> String {
    let nearest = KNOWN
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, argument), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    match nearest {
        Some((_, known)) => format!("unknown argument {argument:?}; did you mean {known}?"),
        None => format!("unknown argument {argument:?}"),
    }
}

/// What a service needs in its environment to use `core`, to be put before a command of a shell.
fn environment(core: &DevCore, api_key_variables: &[String]) -> String {
    let mut line = format!(
        "ST_M2M_CONNECTION_URI={} ST_M2M_API_DOMAIN={}",
        core.connection_uri(),
        core.api_domain()
    );
    let base_path = core
        .jwks_url()
        .strip_prefix(core.api_domain())
        .and_then(|path| path.strip_suffix("/jwt/jwks.json"))
        .map(str::to_owned);
    match base_path.as_deref() {
        None | Some("/auth") => {}
        Some("") => line.push_str(" ST_M2M_API_BASE_PATH=/"),
        Some(path) => {
            line.push_str(" ST_M2M_API_BASE_PATH=");
            line.push_str(path);
        }
    }
    // The name of its variable, not the key: output ends up in logs.
    if let Some(variable) = api_key_variables.first() {
        line.push_str(" ST_M2M_API_KEY=\"$");
        line.push_str(variable);
        line.push('"');
    }
    line
}

async fn run(builder: DevCoreBuilder, api_key_variables: &[String]) -> Result<(), String> {
    let core = builder.start().await.map_err(|error| error.to_string())?;
    println!("dev-core listens at {}", core.connection_uri());
    println!(
        "  SuperTokens Core API, CDI 2.7 to 5.4: /hello, /apiversion, /recipe/jwt, /.well-known/jwks.json,"
    );
    println!("  sessions, users with a password, apps and tenants, as official SDKs ask for them");
    println!("  keys as a backend SDK serves them: {}", core.jwks_url());
    println!("For a service with st-m2m, put this before its command:");
    println!("  {}", environment(&core, api_key_variables));
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
        let Ok(Command::Start {
            builder,
            api_key_variables,
        }) = command
        else {
            panic!("{command:?}");
        };
        assert_eq!(api_key_variables, ["KEY"]);
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
            (
                &["--prt", "1"][..],
                "unknown argument \"--prt\"; did you mean --port?",
            ),
            (
                &["--tennant=a"],
                "unknown argument \"--tennant\"; did you mean --tenant?",
            ),
            (&["--verbose"], "unknown argument \"--verbose\""),
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

    #[test]
    fn the_environment_of_a_service() {
        let shown = |base_path: &str, variables: &[&str]| {
            let core = DevCore::builder()
                .port(4000)
                .api_base_path(base_path)
                .in_memory()
                .expect("a core");
            let variables: Vec<_> = variables.iter().map(|&name| name.to_owned()).collect();
            environment(&core, &variables)
        };
        let plain =
            "ST_M2M_CONNECTION_URI=http://127.0.0.1:4000 ST_M2M_API_DOMAIN=http://127.0.0.1:4000";
        assert_eq!(shown("/auth", &[]), plain);
        assert_eq!(
            shown("/api/auth", &[]),
            format!("{plain} ST_M2M_API_BASE_PATH=/api/auth")
        );
        assert_eq!(
            shown("/", &["KEY", "OTHER"]),
            format!("{plain} ST_M2M_API_BASE_PATH=/ ST_M2M_API_KEY=\"$KEY\"")
        );
    }
}
