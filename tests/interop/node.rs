//! Node.js and the small programs of this folder.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::process::Command;

/// The oldest release that the packages run on.
const OLDEST_MAJOR: u32 = 18;
/// A program starts in a second; a busy machine may take many.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A Node.js with the packages of this folder.
pub(crate) struct Node {
    folder: PathBuf,
}

impl Node {
    /// Looks for both. Where `install` is set, missing packages are installed as the lock file says.
    ///
    /// # Errors
    ///
    /// What is missing, and what to do about it.
    pub(crate) fn find(install: bool) -> Result<Self, String> {
        let output = std::process::Command::new("node")
            .arg("--version")
            .output()
            .map_err(|error| {
                format!("no `node` ({error}); install Node.js {OLDEST_MAJOR} or newer")
            })?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let major = version
            .strip_prefix('v')
            .and_then(|version| version.split('.').next())
            .and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST_MAJOR) {
            return Err(format!(
                "`node --version` says {version:?}; install Node.js {OLDEST_MAJOR} or newer"
            ));
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        // npm writes this file last.
        let installed = folder.join("node_modules/.package-lock.json");
        if !installed.is_file() && install {
            let npm = std::process::Command::new("npm")
                .arg("ci")
                .current_dir(&folder)
                .status();
            npm.map_err(|error| format!("no `npm` ({error}); install it"))?;
        }
        if !installed.is_file() {
            return Err("the Node packages are not installed; run `tests/interop/run`".to_owned());
        }
        Ok(Self { folder })
    }

    /// Runs one program and reads the line of JSON that it prints. Secrets go in through `env`.
    pub(crate) async fn run(
        &self,
        program: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Result<Value, String> {
        let output = Command::new("node")
            .arg(program)
            .args(args)
            .current_dir(&self.folder)
            .env_remove("CORE_API_KEY")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(TIME_LIMIT, output)
            .await
            .map_err(|_| format!("{program} was still running after {TIME_LIMIT:?}"))?
            .map_err(|error| format!("{program} did not start: {error}"))?;
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let stderr = String::from_utf8_lossy(&output.stderr);
            format!(
                "{program} printed no JSON ({error}), {}: {stderr}",
                output.status
            )
        })
    }
}
