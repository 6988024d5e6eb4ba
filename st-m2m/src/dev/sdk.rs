//! `{apiBasePath}/jwt/jwks.json`: the keys as a SuperTokens backend SDK serves them.
//!
//! Shape and headers follow recordings of supertokens-node 24.0.3 behind express (`jwks_node_endpoint`).

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
        IF_NONE_MATCH,
    },
};

use super::{
    json::Object,
    keys::KeySet,
    reply::{self, cache_control},
};

/// Answers a GET at `now`, in milliseconds since the Unix epoch.
pub(super) fn jwks(headers: &HeaderMap, keys: &KeySet, now: u64) -> Response<Bytes> {
    let body = Object::new().with("keys", keys.jwks()).to_string();
    let etag = etag(&body);
    let is_known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| known.split(',').any(|one| one.trim() == etag));
    let mut response = reply::reply(StatusCode::OK, "application/json; charset=utf-8", body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Bytes::new();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, cache_control(keys.max_age(now)));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, etag);
    }
    response
}

/// Express makes a weak tag of the body's length and the first 27 characters of its SHA-1 in base64. It tells
/// versions apart and protects nothing.
fn etag(body: &str) -> String {
    let hash = STANDARD_NO_PAD
        .encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, body.as_bytes()).as_ref());
    format!("W/\"{:x}-{hash}\"", body.len())
}
