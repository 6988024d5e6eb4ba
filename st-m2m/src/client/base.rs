//! Where a service is.

use std::sync::Arc;

use crate::transport::{BaseUrl, PlainHttp};

/// The base URL of a service: the builder's, else the configuration's, else the attribute's.
pub(super) fn resolve(
    service: &str,
    builder: Option<&str>,
    configured: Option<&str>,
    attribute: Option<&str>,
    plain_http: &PlainHttp,
) -> Result<Arc<BaseUrl>, String> {
    let Some(text) = builder.or(configured).or(attribute) else {
        return Err(format!(
            "no base URL for `{service}`: set `base_url` on the builder, `url` in the configuration (ST_M2M_URL_{}), or `base_url` in the attribute",
            service.to_ascii_uppercase().replace('-', "_")
        ));
    };
    let base_url =
        BaseUrl::parse(text).map_err(|problem| format!("the base URL of `{service}` {problem}"))?;
    plain_http
        .check(base_url.as_url())
        .map_err(|problem| format!("the base URL of `{service}`: {problem}"))?;
    Ok(Arc::new(base_url))
}
