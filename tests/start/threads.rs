//! What programs hold and pass around goes from thread to thread, and can be shown.

use std::fmt::Debug;

use st_m2m::{
    Caller, Config, ConfigError, Error, M2m, Rejection, Revocation, ServiceToken, Status,
    error::KeysError,
    jwks::{Jwk, KeySet},
};

const fn is_shared<T: Debug + Send + Sync + 'static>() {}
const fn is_copied_about<T: Clone + Debug + Send + Sync + 'static>() {}

/// The compiler's word: a field that is not `Sync`, say, would make a handler's future useless to every runtime.
const _: () = {
    is_copied_about::<(M2m, Config, Status, Caller, Rejection)>();
    is_copied_about::<(ServiceToken, Revocation, KeySet, Jwk, ConfigError)>();
    is_shared::<(Error, KeysError)>();
};
