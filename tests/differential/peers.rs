//! The other libraries, and the small programs that run them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio::io::AsyncWriteExt as _;

use crate::verdict::{Facts, Verdict};

const OLDEST_NODE: (u32, u32) = (18, 0);
const OLDEST_PYTHON: (u32, u32) = (3, 11);
/// It takes seconds; a busy machine may take many.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Another library, ready to run.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    command: &'static str,
    program: &'static str,
    /// Where Python's packages are.
    packages: Option<PathBuf>,
}

/// What a peer's program prints of one token.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer<'a> {
    #[serde(borrow)]
    Accepted(&'a RawValue),
    Refused(String),
    /// An error that is not the library's way to refuse.
    Failed(String),
}

/// Looks for both peers. Where `install` is set, packages that are missing or of another lock file are installed.
///
/// # Errors
///
/// What is missing, and what to do about it.
pub(crate) fn find(install: bool) -> Result<[Peer; 2], String> {
    let folder = folder();
    let jose = Peer {
        name: "jose",
        command: "node",
        program: "jose.mjs",
        packages: None,
    };
    release("node", OLDEST_NODE)?;
    // npm writes this file last.
    let installed = folder.join("node_modules/.package-lock.json");
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    if changed(&installed) < changed(&folder.join("package-lock.json")) {
        if !install {
            return Err(
                "the npm packages are not installed; run `tests/differential/run`".to_owned(),
            );
        }
        run(Command::new("npm").args(["ci", "--ignore-scripts"]))?;
    }

    let (major, minor) = release("python3", OLDEST_PYTHON)?;
    let packages =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("differential-python-{major}.{minor}"));
    let wanted = fs::read(folder.join("requirements.txt"))
        .map_err(|error| format!("requirements.txt: {error}"))?;
    // Written last.
    let installed = packages.join("installed.txt");
    if fs::read(&installed).ok().as_ref() != Some(&wanted) {
        if !install {
            return Err(
                "the Python packages are not installed; run `tests/differential/run`".to_owned(),
            );
        }
        if packages.exists() {
            fs::remove_dir_all(&packages).map_err(|error| error.to_string())?;
        }
        let pip = "-m pip install --quiet --disable-pip-version-check --no-input --root-user-action ignore \
                   --require-hashes --only-binary :all: --requirement requirements.txt --target";
        run(Command::new("python3")
            .args(pip.split_whitespace())
            .arg(&packages))?;
        fs::write(&installed, wanted).map_err(|error| error.to_string())?;
    }
    let pyjwt = Peer {
        name: "PyJWT",
        command: "python3",
        program: "pyjwt.py",
        packages: Some(packages),
    };
    Ok([jose, pyjwt])
}

impl Peer {
    /// The verdict on each token of `job`.
    ///
    /// # Errors
    ///
    /// That the program cannot be run, or says something else.
    pub(crate) async fn judge(&self, job: &Value) -> Result<Vec<Verdict>, String> {
        let run = async {
            let mut command = tokio::process::Command::new(self.command);
            command
                .arg(self.program)
                .current_dir(folder())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true);
            if let Some(packages) = &self.packages {
                command.env("PYTHONPATH", packages);
            }
            let mut child = command.spawn()?;
            let mut input = child.stdin.take().expect("piped");
            // It is read to its end before anything is printed.
            input.write_all(job.to_string().as_bytes()).await?;
            drop(input);
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(TIME_LIMIT, run)
            .await
            .map_err(|_| format!("{} was still running after {TIME_LIMIT:?}", self.program))?
            .map_err(|error| format!("{} did not run: {error}", self.program))?;
        let answers: Vec<Answer<'_>> = serde_json::from_slice(&output.stdout).map_err(|error| {
            let stderr = String::from_utf8_lossy(&output.stderr);
            format!(
                "{} printed no verdicts ({error}), {}: {stderr}",
                self.program, output.status
            )
        })?;
        answers
            .into_iter()
            .map(|answer| self.verdict(answer))
            .collect()
    }

    fn verdict(&self, answer: Answer<'_>) -> Result<Verdict, String> {
        match answer {
            Answer::Accepted(facts) => Ok(Verdict::Accepted(Facts::read(facts.get()))),
            Answer::Refused(reason) => Ok(Verdict::Refused(reason)),
            Answer::Failed(error) => Err(format!("{} failed: {error}", self.name)),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differential")
}

/// The release of `command`, if it is not too old.
fn release(command: &str, oldest: (u32, u32)) -> Result<(u32, u32), String> {
    let wanted = format!("install release {}.{} or newer", oldest.0, oldest.1);
    let output = Command::new(command)
        .arg("--version")
        .output()
        .map_err(|error| format!("no `{command}` ({error}); {wanted}"))?;
    let version = String::from_utf8_lossy(&output.stdout);
    let mut numbers = version
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .split('.')
        .map_while(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= oldest => Ok((major, minor)),
        _ => Err(format!(
            "`{command} --version` says {:?}; {wanted}",
            version.trim()
        )),
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .current_dir(folder())
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("no `{name}` ({error}); install it"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{name}` could not install the packages: {status}"))
    }
}
