//! Recorded exchanges with a real SuperTokens Core and a real backend SDK.
//!
//! They lie in `tests/fixtures/supertokens`, whose README tells how they were made. When the environment variable
//! `ST_M2M_RECORDINGS` names a further folder of the same form, it is read too. A relative name is resolved against
//! the workspace's root, since cargo runs each test in its package's folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Map, Value};

/// Names a further folder of recordings.
pub const FOLDER_VARIABLE: &str = "ST_M2M_RECORDINGS";

/// One exchange.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// Unique within its folder.
    pub name: String,
    /// What the recorder remarked.
    pub note: Option<String>,
    /// How it was recorded.
    pub meta: Meta,
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub response: Response,
    /// Tokens found in the request.
    #[serde(default)]
    pub request_tokens: Vec<Token>,
    /// Tokens found in the answer.
    #[serde(default)]
    pub response_tokens: Vec<Token>,
    /// The folder it belongs to: the one that holds `core`, `node` and `jwks_by_instance.json`.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The file it was read from.
    #[serde(skip)]
    pub file: PathBuf,
    /// Who answered.
    #[serde(skip)]
    pub peer: Peer,
}

/// Who answered a recorded request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peer {
    /// SuperTokens Core: folder `core`.
    #[default]
    Core,
    /// An application on the Node SDK: folder `node`.
    Node,
}

/// How an exchange was recorded.
#[derive(Clone, Debug, Deserialize)]
pub struct Meta {
    /// The core that answered, such as `main (no api_keys, defaults)`.
    pub instance: Option<String>,
    /// The application that answered, such as `127.0.0.1:3001`.
    pub app: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub recorded_at_ms: u64,
    /// Everything else.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A recorded request.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// In the order and case of the wire; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The exact text.
    pub body: Option<String>,
}

/// A recorded answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// In the order and case of the wire; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The exact text.
    pub body: Option<String>,
}

/// A token, taken apart.
#[derive(Clone, Debug, Deserialize)]
pub struct Token {
    /// As it was sent.
    pub token: String,
    /// The header's text.
    pub header_raw: String,
    /// The payload's text.
    pub payload_raw: String,
    /// The header.
    pub header: Map<String, Value>,
    /// The payload.
    pub payload: Map<String, Value>,
}

impl Recording {
    /// The first value of a header of the answer.
    #[must_use]
    pub fn answer_header(&self, name: &str) -> Option<&str> {
        self.response
            .headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first word of the core's instance: `main`, `keys` or `short`.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.meta.instance.as_deref()?.split_whitespace().next()
    }

    /// Whether it lies in the project's own folder.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.folder == own_folder()
    }

    /// The first value of a header of the request.
    #[must_use]
    pub fn request_header(&self, name: &str) -> Option<&str> {
        self.request
            .headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The request's path without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.path.split('?').next().unwrap_or_default()
    }
}

/// The project's own recordings.
#[must_use]
pub fn own_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/supertokens")
}

/// The folders that are read: the project's own, and the one that the environment names.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    let own = own_folder();
    let further = env::var_os(FOLDER_VARIABLE)
        .filter(|folder| !folder.is_empty())
        .map(|folder| from_root(Path::new(&folder)))
        .filter(|further| fs::canonicalize(further).ok() != fs::canonicalize(&own).ok());
    std::iter::once(own).chain(further).collect()
}

/// A relative path starts at the workspace's root.
fn from_root(path: &Path) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).join(path)
}

/// All recordings, in the order in which they were made.
///
/// # Panics
///
/// When a folder or a file cannot be read; the message names it.
#[must_use]
pub fn load() -> Vec<Recording> {
    load_all(&folders()).unwrap_or_else(|message| panic!("{message}"))
}

/// The recordings of several folders, in the order in which they were made.
///
/// # Errors
///
/// As [`load_from`].
pub fn load_all(folders: &[PathBuf]) -> Result<Vec<Recording>, String> {
    let mut recordings = Vec::new();
    for folder in folders {
        recordings.extend(load_from(folder)?);
    }
    recordings.sort_by_key(|recording| recording.meta.recorded_at_ms);
    Ok(recordings)
}

/// The recordings of one folder, which must hold at least one.
///
/// # Errors
///
/// A message that names the file or folder which cannot be read, and why.
pub fn load_from(folder: &Path) -> Result<Vec<Recording>, String> {
    let mut recordings = Vec::new();
    for (name, peer) in [("core", Peer::Core), ("node", Peer::Node)] {
        let inner = folder.join(name);
        let entries = match fs::read_dir(&inner) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(format!(
                    "recordings: cannot read {}: {error}",
                    inner.display()
                ));
            }
        };
        for entry in entries {
            let file = entry
                .map_err(|error| format!("recordings: cannot read {}: {error}", inner.display()))?
                .path();
            if file
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                recordings.extend(load_file(folder, &file, peer)?);
            }
        }
    }
    if recordings.is_empty() {
        return Err(format!(
            "recordings: {} holds none in core/ or node/; is {FOLDER_VARIABLE} right?",
            folder.display()
        ));
    }
    Ok(recordings)
}

/// A recording; `None` for a file that sums up many exchanges (member `probe`).
fn load_file(folder: &Path, file: &Path, peer: Peer) -> Result<Option<Recording>, String> {
    let value: Value = read(file)?;
    if value.get("probe").is_some() {
        return Ok(None);
    }
    let mut recording: Recording = serde_json::from_value(value)
        .map_err(|error| format!("recordings: {} has another form: {error}", file.display()))?;
    folder.clone_into(&mut recording.folder);
    file.clone_into(&mut recording.file);
    recording.peer = peer;
    Ok(Some(recording))
}

/// The keys that recorded instances published: folder and instance, such as `main 3567`, to a JWKS. Instances of the
/// same name in two folders are two instances.
pub type PublishedKeys = BTreeMap<(PathBuf, String), Value>;

/// The keys of every folder that `recordings` come from.
///
/// # Panics
///
/// When a file cannot be read; the message names it.
#[must_use]
pub fn published_keys(recordings: &[Recording]) -> PublishedKeys {
    let folders: BTreeSet<&PathBuf> = recordings.iter().map(|it| &it.folder).collect();
    let mut keys = PublishedKeys::new();
    for folder in folders {
        let found: BTreeMap<String, Value> = read(&folder.join("jwks_by_instance.json"))
            .unwrap_or_else(|message| panic!("{message}"));
        keys.extend(
            found
                .into_iter()
                .map(|(name, jwks)| ((folder.clone(), name), jwks)),
        );
    }
    keys
}

fn read<T: for<'de> Deserialize<'de>>(file: &Path) -> Result<T, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("recordings: cannot read {}: {error}", file.display()))?;
    serde_json::from_str(&text)
        .map_err(|error| format!("recordings: {} is no JSON: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_come_in_order_and_whole() {
        let recordings = load();
        assert!(recordings.len() > 300, "{}", recordings.len());
        assert!(recordings.is_sorted_by_key(|recording| recording.meta.recorded_at_ms));
        let minted = recordings
            .iter()
            .find(|recording| recording.name == "jwt_ok_static_key")
            .expect("recorded");
        assert_eq!(minted.instance(), Some("main"));
        assert_eq!(
            minted.answer_header("content-type"),
            Some("application/json;charset=UTF-8")
        );
        assert_eq!(minted.response_tokens[0].payload["source"], "microservice");
        assert!(minted.is_own());
        let main = (own_folder(), "main 3567".to_owned());
        assert!(published_keys(&recordings).contains_key(&main));
    }

    #[test]
    fn a_relative_folder_starts_at_the_root_of_the_workspace() {
        let own = from_root(Path::new("tests/fixtures/supertokens"));
        assert_eq!(own, own_folder());
        assert_eq!(from_root(Path::new("/a/b")), Path::new("/a/b"));
    }

    #[test]
    fn a_folder_without_recordings_is_named() {
        let message = load_from(Path::new("no/such/folder")).expect_err("nothing there");
        assert!(message.contains("no/such/folder"), "{message}");
    }
}
