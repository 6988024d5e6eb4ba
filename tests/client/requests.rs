//! Arguments on the wire.

use http::Method;
use st_m2m::client::{Endpoint, Error};

use crate::service::{Filter, Order, Orders, OrdersClient, Service, Status};

const ORDER: &str = r#"{"id":7,"item":"book"}"#;

#[tokio::test]
async fn a_request_carries_the_token_and_what_belongs_to_it() {
    let service = Service::answering(200, ORDER).await;
    let order = service.client().get("7").await.expect("an order");
    assert_eq!(
        order,
        Order {
            id: 7,
            item: "book".to_owned()
        }
    );
    let sent = service.only();
    assert_eq!(sent.method(), Method::GET);
    assert_eq!(sent.uri(), "https://orders.internal/v1/orders/7");
    let token = service.m2m.token().expect("a token");
    let authorization = &sent.headers()["authorization"];
    assert_eq!(authorization, format!("Bearer {}", token.expose()).as_str());
    assert!(authorization.is_sensitive());
    assert_eq!(sent.headers()["accept"], "application/json");
    assert!(!sent.headers().contains_key("content-type"));
    assert!(sent.body().is_empty());
    assert_eq!(sent.headers().len(), 2, "{:?}", sent.headers());
}

#[tokio::test]
async fn every_verb() {
    let service = Service::answering(200, ORDER).await;
    let orders = service.client();
    let order = || Order {
        id: 7,
        item: "bücher".to_owned(),
    };
    orders.exists(7).await.expect("HEAD");
    orders.create(&order(), true).await.expect("POST");
    orders.replace(7, order()).await.expect("PUT");
    orders.change(7, "pen").await.expect("PATCH");
    orders.cancel(7).await.expect("DELETE");
    orders.options().await.expect("OPTIONS");
    orders.purge().await.expect("PURGE");
    orders.archive(7).await.expect("POST without a body");
    let json = r#"{"id":7,"item":"bücher"}"#;
    let expected = [
        ("HEAD", "/v1/orders/7", ""),
        ("POST", "/v1/orders?dry_run=true", json),
        ("PUT", "/v1/orders/7", json),
        ("PATCH", "/v1/orders/7", r#""pen""#),
        ("DELETE", "/v1/orders/7", ""),
        ("OPTIONS", "/v1/orders", ""),
        ("PURGE", "/v1/cache", ""),
        ("POST", "/v1/orders/7/archive", ""),
    ];
    let sent = service.sent();
    assert_eq!(sent.len(), expected.len());
    for (sent, (method, target, body)) in sent.iter().zip(expected) {
        assert_eq!(sent.method(), method);
        assert_eq!(
            sent.uri().path_and_query().expect("a target").as_str(),
            target
        );
        assert_eq!(sent.body(), body);
        let content_type = sent
            .headers()
            .get("content-type")
            .map(http::HeaderValue::as_bytes);
        let expected = (!body.is_empty()).then_some(b"application/json".as_slice());
        assert_eq!(content_type, expected, "{method}");
        assert!(sent.headers().contains_key("authorization"));
    }
}

#[tokio::test]
async fn path_values_stay_in_their_segment() {
    let service = Service::answering(200, ORDER).await;
    let orders = service.client();
    for (value, segment) in [
        ("7", "7"),
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("ä世", "%C3%A4%E4%B8%96"),
        ("?x=1#y", "%3Fx%3D1%23y"),
        ("%2e%2e", "%252e%252e"),
        ("..;", "..%3B"),
        ("{line-no}", "%7Bline-no%7D"),
        ("@evil.example", "%40evil.example"),
    ] {
        orders.get(value).await.expect(value);
        let sent = service.sent().pop().expect("sent");
        assert_eq!(
            sent.uri().to_string(),
            format!("https://orders.internal/v1/orders/{segment}")
        );
    }
    orders.line(3, 7).await.expect("two placeholders");
    let sent = service.sent().pop().expect("sent");
    assert_eq!(sent.uri().path(), "/v1/orders/7/lines/3");
    orders.root().await.expect_err("an object is no string");
    assert_eq!(service.sent().pop().expect("sent").uri().path(), "/v1/");
}

/// `..` would lead to another endpoint of the same host, with our token.
#[tokio::test]
async fn path_values_that_leave_the_path_are_not_sent() {
    let service = Service::answering(200, ORDER).await;
    for value in ["", ".", ".."] {
        let error = service.client().get(value).await.expect_err(value);
        assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
        assert!(error.to_string().contains("argument `id`"), "{error}");
    }
    assert!(service.sent().is_empty());
}

#[tokio::test]
async fn queries() {
    let service = Service::answering(200, "[]").await;
    let orders = service.client();
    for (status, tags, kind, expected) in [
        (None, &[][..], None, None),
        (Some(Status::InFlight), &[], None, Some("status=in_flight")),
        (None, &["a", "b c"], None, Some("tag=a&tag=b+c")),
        (
            None,
            &["&=#?+%", "ä"],
            Some(""),
            Some("tag=%26%3D%23%3F%2B%25&tag=%C3%A4&type="),
        ),
        (
            None,
            &[],
            Some("x\r\nHost: evil"),
            Some("type=x%0D%0AHost%3A+evil"),
        ),
    ] {
        assert_eq!(orders.list(status, tags, kind).await.expect("a list"), []);
        let sent = service.sent().pop().expect("sent");
        assert_eq!(sent.uri().query(), expected);
        assert_eq!(sent.uri().path(), "/v1/orders");
    }
}

#[tokio::test]
async fn what_has_no_form_in_a_query_is_not_sent() {
    let service = Service::answering(200, "").await;
    let filter = Filter {
        name: "secret".to_owned(),
    };
    let error = service.client().search(filter).await.expect_err("a struct");
    assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("argument `filter`"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(service.sent().is_empty());
}

/// Longer than a URL may be: an error, not a panic.
#[tokio::test]
async fn values_too_long_for_a_url_are_not_sent() {
    let service = Service::answering(200, "[]").await;
    let long = "x".repeat(1024 * 1024);
    let error = service
        .client()
        .list(None, &[&long], None)
        .await
        .expect_err("too long");
    assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    let error = service.client().get(&long).await.expect_err("too long");
    assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    assert!(service.sent().is_empty());
}

#[tokio::test]
async fn without_a_usable_token_nothing_is_sent() {
    let service = Service::start(
        |_| st_m2m_tests::transport::Reply::text(200, ORDER),
        |config| config.token_validity(std::time::Duration::from_secs(60)),
    )
    .await;
    let orders = service.client();
    orders.get("7").await.expect("with a token");
    service.clock.advance(std::time::Duration::from_secs(61));
    let error = orders.get("7").await.expect_err("expired");
    assert!(matches!(error, Error::Token(_)), "{error}");
    assert!(error.to_string().contains("expired 1 s ago"), "{error}");
    assert_eq!(service.sent().len(), 1);

    let service = Service::start(
        |_| st_m2m_tests::transport::Reply::text(200, ORDER),
        |config| config.mint(false),
    )
    .await;
    let error = service.client().get("7").await.expect_err("verify-only");
    assert!(matches!(error, Error::Token(_)), "{error}");
    // The process-global one does not exist in this test.
    let error = OrdersClient::new().get("7").await.expect_err("no init");
    assert!(matches!(error, Error::Token(_)), "{error}");
    assert!(error.to_string().contains("st_m2m::init"), "{error}");
    assert!(service.sent().is_empty());
}

#[test]
fn endpoints_are_known_without_a_call() {
    let shown: Vec<_> = OrdersClient::ENDPOINTS
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown.len(), 14);
    assert_eq!(shown[0], "GET /orders/{id} of orders");
    let names: Vec<_> = OrdersClient::ENDPOINTS.iter().map(Endpoint::name).collect();
    assert_eq!(&names[..4], ["get", "line", "list", "find"]);
    assert!(
        OrdersClient::ENDPOINTS
            .iter()
            .all(|it| it.trait_name() == "Orders")
    );
    assert!(!format!("{:?}", OrdersClient::new()).contains("Bearer"));
}
