//! What every input of a fuzz target is held to.

pub mod properties;

/// What the properties are about.
mod parsers {
    pub(crate) use st_m2m::{
        TokenKind,
        fuzzing::{Claims, Verifier, claims, header, numbers},
        jwks::KeySet,
    };
}
