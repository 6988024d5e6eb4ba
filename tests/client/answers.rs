//! Answers as values and errors.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use st_m2m::{client::Error, transport::Error as HttpError};
use st_m2m_tests::transport::Reply;

use crate::service::{Orders, Service};

const ORDER: &str = r#"{"id":7,"item":"book"}"#;

#[tokio::test]
async fn a_missing_order_is_none_where_the_type_says_so() {
    for (status, body, found) in [
        (200, ORDER, true),
        (404, r#"{"message":"no such order"}"#, false),
        (204, "", false),
        (200, "", false),
        (200, "null", false),
    ] {
        let service = Service::answering(status, body).await;
        let order = service.client().find(7).await.expect("an answer");
        assert_eq!(order.is_some(), found, "{status} {body}");
    }
    let service = Service::answering(404, "").await;
    let error = service.client().get("7").await.expect_err("404");
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn a_unit_answer_ignores_the_body() {
    for (status, body) in [(200, ""), (200, "not json"), (204, ""), (201, ORDER)] {
        let service = Service::answering(status, body).await;
        service.client().cancel(7).await.expect("ignored");
    }
}

#[tokio::test]
async fn every_other_status_is_an_error_with_its_body() {
    for status in [300, 302, 307, 400, 401, 403, 409, 429, 500, 503] {
        let service = Service::answering(status, r#"{"message":"a private body"}"#).await;
        let error = service.client().find(7).await.expect_err("an error");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        let body: Value = error.json().expect("a body").expect("JSON");
        assert_eq!(body, json!({"message": "a private body"}));
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&status.to_string()), "{shown}");
        assert!(shown.contains("GET /orders/{id} of orders"), "{shown}");
        assert!(!shown.contains("private"), "{shown}");
        assert_eq!(
            service.sent().len(),
            1,
            "nothing is sent twice, no redirect is followed"
        );
    }
}

#[tokio::test]
async fn bodies_of_another_shape() {
    for (body, problem) in [
        ("", "empty body"),
        ("<html>secret</html>", "not JSON"),
        (r#"{"id":7"#, "not JSON"),
        (r#"{"id":"secret","item":"x"}"#, "JSON of another shape"),
        ("[]", "JSON of another shape"),
    ] {
        let service = Service::answering(200, body).await;
        let error = service.client().get("7").await.expect_err(body);
        assert!(matches!(error, Error::Decode(_)), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(problem), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[tokio::test]
async fn failures_say_whether_anything_was_sent() {
    let failing =
        |error: fn() -> HttpError| Service::start(move |_| Reply::Fail(error()), |config| config);
    let call = async |service: Service| service.client().get("7").await.expect_err("a failure");

    let error = call(failing(|| HttpError::Connect("refused".into())).await).await;
    assert!(matches!(error, Error::Connect(_)), "{error}");
    assert!(error.to_string().contains("not sent"), "{error}");
    let error = call(failing(|| HttpError::Broken("reset".into())).await).await;
    assert!(matches!(error, Error::Transport(_)), "{error}");
    let error = call(failing(|| HttpError::TooLarge(9)).await).await;
    assert!(matches!(error, Error::Transport(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_callee_that_never_answers_costs_one_time_limit() {
    let service = Service::start(
        |_| Reply::Hang,
        |config| config.request_timeout(Duration::from_millis(300)),
    )
    .await;
    let asked_at = tokio::time::Instant::now();
    let error = service.client().get("7").await.expect_err("a time-out");
    assert!(matches!(error, Error::Timeout(_)), "{error}");
    assert_eq!(asked_at.elapsed(), Duration::from_millis(300));
}

#[tokio::test]
async fn answers_over_eight_mebibytes_are_refused() {
    let service = Service::start(
        |_| Reply::text(200, " ".repeat(8 * 1024 * 1024 + 1)),
        |config| config,
    )
    .await;
    let error = service.client().get("7").await.expect_err("too large");
    assert!(matches!(error, Error::Transport(_)), "{error}");
}

/// A fake of the trait needs neither the macro nor a service.
#[tokio::test]
async fn errors_can_be_made_for_fakes() {
    let error = Error::from_status(StatusCode::CONFLICT, r#"{"code":3}"#);
    assert_eq!(error.status(), Some(StatusCode::CONFLICT));
    assert_eq!(error.endpoint(), None);
    assert_eq!(error.to_string(), "answered with status 409 Conflict");
    assert_eq!(
        error.json::<Value>().expect("a body").expect("JSON")["code"],
        3
    );
}
