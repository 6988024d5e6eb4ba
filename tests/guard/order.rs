//! The guard answers before anything else of the handler runs.

use axum::body::Body;
use http::{Method, Request};
use st_m2m_tests::jwt::claims;

use crate::service::Service;

fn request(method: Method, path: &str, token: Option<&str>, body: &'static str) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Body::from(body)).expect("a request")
}

#[tokio::test]
async fn strangers_learn_nothing_of_paths_and_bodies() {
    let service = Service::start().await;
    let good = service.token(&claims());
    let mut other = claims();
    other["sub"] = "billing".into();
    let other = service.token(&other);
    for (path, body, when_let_in) in [
        ("/items/7", "[1]", 200),
        ("/items/7", "[bad", 400),
        ("/items/7", "{}", 422),
        ("/items/seven", "[1]", 400),
    ] {
        let answer = async |token| service.send(request(Method::POST, path, token, body)).await;
        assert_eq!(answer(None).await.status, 401, "{path} {body}");
        assert_eq!(answer(Some("a.b.c")).await.status, 401, "{path} {body}");
        assert_eq!(
            answer(Some(other.as_str())).await.status,
            403,
            "{path} {body}"
        );
        assert_eq!(
            answer(Some(good.as_str())).await.status,
            when_let_in,
            "{path} {body}"
        );
    }
}

#[tokio::test]
async fn no_method_is_let_through() {
    let service = Service::start().await;
    for method in [
        Method::OPTIONS,
        Method::TRACE,
        Method::HEAD,
        Method::GET,
        Method::PATCH,
    ] {
        let answer = service
            .send(request(method.clone(), "/any", None, ""))
            .await;
        assert_eq!(answer.status, 401, "{method}");
    }
}

#[tokio::test]
async fn a_caller_without_an_attribute_is_guarded_too() {
    let service = Service::start().await;
    assert_eq!(service.get("/extractor", &[]).await.status, 401);
    let answer = service.call("/extractor", &service.token(&claims())).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str()),
        (200, "orders")
    );
}
