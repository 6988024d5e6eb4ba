//! Answers as values.

use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::{excerpt::excerpt, transport::Response};

/// Reads an answer as a `T`. Implemented by the strategies that the attribute chooses from.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be decoded from a JSON response",
    label = "not `serde::de::DeserializeOwned`",
    note = "derive `serde::Deserialize` for it, or return `Result<(), E>` to ignore the body"
)]
pub trait Decode<T> {
    /// Reads an answer whose status was accepted.
    ///
    /// # Errors
    ///
    /// What is wrong with the body, without repeating it.
    fn decode(response: &Response) -> Result<T, String>;

    /// Whether an answer with this status is decoded. All others are [`Error::Status`](super::Error::Status).
    #[must_use]
    fn accepts(status: StatusCode) -> bool {
        status.is_success()
    }
}

/// A JSON body.
#[derive(Debug)]
pub struct Json;

/// A JSON body, or `None` for status 404.
#[derive(Debug)]
pub struct OptionalJson;

/// Any body, which is ignored.
#[derive(Debug)]
pub struct Unit;

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Decode<T> for Json {
    fn decode(response: &Response) -> Result<T, String> {
        let body = response.body();
        if body.is_empty() {
            return Err(format!(
                "status {} with an empty body where JSON belongs",
                response.status().as_u16()
            ));
        }
        serde_json::from_slice(body).map_err(|error| {
            let shape = match error.classify() {
                serde_json::error::Category::Data => "JSON of another shape",
                _ => "not JSON",
            };
            let content_type = response
                .headers()
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("no content type");
            format!(
                "{shape} at line {}, column {} of {} bytes ({})",
                error.line(),
                error.column(),
                body.len(),
                excerpt(content_type)
            )
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Decode<Option<T>> for OptionalJson {
    fn decode(response: &Response) -> Result<Option<T>, String> {
        let nothing = matches!(
            response.status(),
            StatusCode::NOT_FOUND | StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT
        );
        if nothing || response.body().is_empty() {
            return Ok(None);
        }
        Json::decode(response)
    }

    fn accepts(status: StatusCode) -> bool {
        status.is_success() || status == StatusCode::NOT_FOUND
    }
}

impl Decode<()> for Unit {
    fn decode(_response: &Response) -> Result<(), String> {
        Ok(())
    }
}
