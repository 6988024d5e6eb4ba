//! Answers in the core's form.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONNECTION, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE},
};

use super::{Error, json::Object};

/// Plain text under an HTML content type, with a newline: how the core says everything that is not JSON.
pub(super) fn text(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = reply(status, "text/html;charset=UTF-8", format!("{message}\n"));
    if matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::INTERNAL_SERVER_ERROR
    ) {
        // Tomcat closes after 400 and 500 but not after 401, 403, 404 and 405 (recorded).
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Plain text, where the real core has nothing to say. The connection closes, since the request's body may be unread.
pub(super) fn closing_text(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = reply(status, "text/plain;charset=UTF-8", format!("{message}\n"));
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Why a request is not served: what the core answers instead.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 500; the core's message is the text of a Java exception.
    pub(super) fn failure(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::ProtectedClaim(_) => protected_field(),
            error => Self::failure(error.to_string()),
        }
    }
}

impl From<Refusal> for Response<Bytes> {
    fn from(refusal: Refusal) -> Self {
        text(refusal.status, &refusal.message)
    }
}

/// A session's data must not hold the core's own claims (recorded: `session_create_protected_claim_sub`).
pub(super) fn protected_field() -> Refusal {
    Refusal::bad_request("The user payload contains protected field")
}

/// There is no such app, or it has no such tenant (recorded: `session_create_unknown_tenant_path`).
pub(super) fn not_found(app: &str, tenant: &str) -> Refusal {
    Refusal::bad_request(format!(
        "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId \
         combination not found: (, {app}, {tenant})"
    ))
}

/// 200 with JSON and a newline.
pub(super) fn json(body: &Object) -> Response<Bytes> {
    reply(
        StatusCode::OK,
        "application/json;charset=UTF-8",
        format!("{body}\n"),
    )
}

/// `status` with `body` as it is.
pub(super) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> Response<Bytes> {
    let length = body.len();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// What Tomcat, not the core, answers to a method that servlets do not know.
pub(super) fn tomcat_method_not_allowed(method: &str) -> Response<Bytes> {
    let method: String = method.chars().filter(char::is_ascii_alphanumeric).collect();
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status 405 – Method Not Allowed</title><style \
         type=\"text/css\">body {{font-family:Tahoma,Arial,sans-serif;}} h1, h2, h3, b \
         {{color:white;background-color:#525D76;}} h1 {{font-size:22px;}} h2 {{font-size:16px;}} h3 \
         {{font-size:14px;}} p {{font-size:12px;}} a {{color:black;}} .line \
         {{height:1px;background-color:#525D76;border:none;}}</style></head><body><h1>HTTP Status 405 – Method Not \
         Allowed</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p><p><b>Message</b> HTTP method {method} is \
         not supported by this URL</p><p><b>Description</b> The method received in the request-line is known by the \
         origin server but not supported by the target resource.</p><hr class=\"line\" /><h3>Apache Tomcat/11.0.22 \
         (Debian)</h3></body></html>"
    );
    let mut response = reply(
        StatusCode::METHOD_NOT_ALLOWED,
        "text/html;charset=utf-8",
        page,
    );
    response
        .headers_mut()
        .insert(CONTENT_LANGUAGE, HeaderValue::from_static("en"));
    response
}

/// The same answer without its body, for HEAD; its length stays (recorded: `hello_head`).
pub(super) fn without_body(mut response: Response<Bytes>) -> Response<Bytes> {
    *response.body_mut() = Bytes::new();
    response
}

/// What JWKS answers say about their age, in seconds.
pub(super) fn cache_control(max_age: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("max-age={max_age}, must-revalidate"))
        .unwrap_or_else(|_| HeaderValue::from_static("no-store"))
}
