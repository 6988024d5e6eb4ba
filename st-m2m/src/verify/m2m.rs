//! The rules of a service's token that are its kind's alone.
//!
//! The official samples check the signature and `source`, some not even that. Ours hold a token to everything the core
//! writes: beside `source` the issuer, the dates, and the absence of every mark of another kind.

use super::{Reason, claims::Claims};
use crate::supertokens::wire;

pub(super) fn check(claims: &Claims<'_>) -> Result<(), Reason> {
    if claims.source().as_deref() == Some(wire::SERVICE_SOURCE) {
        Ok(())
    } else {
        Err(Reason::SourceNotAccepted)
    }
}
