//! How to reach a core, and what to ask it to sign with.

use super::{CdiVersion, CoreHost};
use crate::secret::Secret;

/// The kind of key the core signs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKey {
    /// A key that never rotates; its id begins with `s-`. The default, as in SuperTokens' SDKs.
    #[default]
    Static,
    /// A key that the core rotates (every 168 h by default); its id begins with `d-`. A token is verifiable only
    /// while its key is published, so its validity is capped at 2 h (`supertokens-core`,
    /// `signingkeys/AccessTokenSigningKey.java`).
    Dynamic,
}

/// How to reach SuperTokens Core, checked.
#[derive(Clone, Debug)]
pub(crate) struct CoreAccess {
    /// Never empty.
    pub(crate) hosts: Vec<CoreHost>,
    pub(crate) api_key: Option<Secret>,
    /// Pinned: `/apiversion` is not asked.
    pub(crate) cdi_version: Option<CdiVersion>,
}
