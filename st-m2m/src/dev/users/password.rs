//! Passwords, of which only a hash is kept.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::pbkdf2;

use crate::dev::{Error, identifier};

/// What OWASP's Password Storage Cheat Sheet asks of PBKDF2 with HMAC-SHA-256: a developer may type a password that is
/// good elsewhere.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).expect("not zero");

/// PBKDF2-HMAC-SHA-256 of a password, with its salt. The real core uses bcrypt; nobody sees the difference.
pub(super) struct PasswordHash {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl PasswordHash {
    /// Takes a fraction of a second of computation.
    pub(super) fn of(password: &str) -> Result<Self, Error> {
        let salt = identifier::random()?;
        let mut hash = [0; 32];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ITERATIONS,
            &salt,
            password.as_bytes(),
            &mut hash,
        );
        Ok(Self { salt, hash })
    }

    /// Whether this is the hash of `password`. Takes as long as making it.
    pub(super) fn matches(&self, password: &str) -> bool {
        pbkdf2::verify(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ITERATIONS,
            &self.salt,
            password.as_bytes(),
            &self.hash,
        )
        .is_ok()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hash = PasswordHash::of("passw0rd-A").expect("a hash");
        assert!(hash.matches("passw0rd-A"));
        assert!(!hash.matches("passw0rd-a"));
        let again = PasswordHash::of("passw0rd-A").expect("a hash");
        assert_ne!(hash.hash, again.hash);
        assert_eq!(format!("{hash:?}"), "PasswordHash");
    }
}
