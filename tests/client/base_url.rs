//! Where a call goes, and where the token never goes.

use axum::{Json, Router, extract::Path, http::HeaderMap, routing::get};
use serde_json::{Value, json};
use st_m2m::{
    Config, M2m,
    client::{ClientBuilder, Error},
    dev::DevCore,
    m2m_client,
};
use st_m2m_tests::transport::Reply;

use crate::service::{Orders, OrdersClient, Service};

#[m2m_client(service = "order-history")]
trait History {
    #[get("/orders/{id}")]
    async fn get(&self, id: &str) -> Result<Value, Error>;
}

async fn service(urls: &[(&str, &str)]) -> Service {
    let urls: Vec<_> = urls
        .iter()
        .map(|(name, url)| ((*name).to_owned(), (*url).to_owned()))
        .collect();
    Service::start(
        |_| Reply::text(200, r#"{"id":7,"item":"book"}"#),
        |config| {
            urls.into_iter()
                .fold(config, |config, (name, url)| config.url(name, url))
        },
    )
    .await
}

fn builder(service: &Service) -> ClientBuilder<OrdersClient> {
    OrdersClient::builder().m2m(&service.m2m)
}

#[tokio::test]
async fn the_builder_goes_before_the_configuration_and_that_before_the_attribute() {
    let plain = service(&[]).await;
    builder(&plain).build().get("7").await.expect("sent");
    assert_eq!(plain.only().uri(), "https://orders.internal/v1/orders/7");

    let configured = service(&[("orders", "https://configured.example/api/")]).await;
    builder(&configured).build().get("7").await.expect("sent");
    assert_eq!(
        configured.only().uri(),
        "https://configured.example/api/orders/7"
    );

    let built = service(&[("orders", "https://configured.example/api/")]).await;
    let client = builder(&built).base_url("https://built.example").build();
    client.get("7").await.expect("sent");
    assert_eq!(built.only().uri(), "https://built.example/orders/7");
}

#[tokio::test]
async fn without_any_the_error_names_all_three() {
    let nowhere = service(&[]).await;
    let history = HistoryClient::builder().m2m(&nowhere.m2m).build();
    let error = history.get("7").await.expect_err("nowhere to go");
    assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    for place in ["builder", "ST_M2M_URL_ORDER_HISTORY", "attribute"] {
        assert!(error.to_string().contains(place), "{error}");
    }
    let configured = service(&[("order_history", "https://history.example")]).await;
    let history = HistoryClient::builder().m2m(&configured.m2m).build();
    history.get("7").await.expect("sent");
    assert_eq!(configured.only().uri(), "https://history.example/orders/7");
}

#[tokio::test]
async fn base_urls_that_would_leak_the_token_are_refused() {
    let service = service(&[]).await;
    for (base_url, problem) in [
        ("http://orders.internal", "plain http"),
        ("http://127.0.0.1.evil.example", "plain http"),
        ("http://localhost.evil.example", "plain http"),
        (
            "https://user:secret@orders.internal",
            "absolute http(s) URL",
        ),
        ("https://secret@orders.internal", "absolute http(s) URL"),
        ("https://orders.internal/?a=b", "absolute http(s) URL"),
        ("https://orders.internal/#x", "absolute http(s) URL"),
        ("ftp://orders.internal", "absolute http(s) URL"),
        ("orders.internal", "absolute http(s) URL"),
        ("/orders", "absolute http(s) URL"),
        ("", "absolute http(s) URL"),
    ] {
        let client = builder(&service).base_url(base_url).build();
        let error = client.get("7").await.expect_err(base_url);
        assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
        assert!(error.to_string().contains(problem), "{base_url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(service.sent().is_empty());
}

#[tokio::test]
async fn plain_http_goes_to_loopback_and_to_hosts_that_are_named() {
    let service = Service::start(
        |_| Reply::text(200, r#"{"id":7,"item":"book"}"#),
        |config| config.allow_http(["orders", "*.svc.cluster.local"]),
    )
    .await;
    for base_url in [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost",
        "http://orders",
        "http://orders.default.svc.cluster.local",
    ] {
        let client = builder(&service).base_url(base_url).build();
        client.get("7").await.expect(base_url);
    }
}

/// Real sockets: what arrives, and that a redirect is not followed.
#[tokio::test]
async fn on_the_wire() {
    let app = Router::new()
        .route(
            "/v1/orders/{id}",
            get(async |Path(id): Path<String>, headers: HeaderMap| {
                Json(json!({"id": id, "authorized": headers.contains_key("authorization")}))
            }),
        )
        .route(
            "/redirecting/orders/{id}",
            get(async || (http::StatusCode::FOUND, [("location", "/v1/orders/8")])),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });

    let core = DevCore::start().await.expect("a core");
    let config = Config::builder()
        .connection_uri(core.connection_uri())
        .api_domain(core.api_domain())
        .service("checkout")
        .build()
        .expect("a configuration");
    let m2m = M2m::start(config).await.expect("started");
    let client = |path: &str| {
        let base_url = format!("http://{address}{path}");
        HistoryClient::builder()
            .m2m(&m2m)
            .base_url(base_url)
            .build()
    };
    for id in ["7", "a/b", "ä b", "%2e%2e", "..."] {
        let order = client("/v1/").get(id).await.expect(id);
        assert_eq!(order, json!({"id": id, "authorized": true}));
    }
    let error = client("/redirecting")
        .get("7")
        .await
        .expect_err("a redirect");
    assert_eq!(error.status(), Some(http::StatusCode::FOUND));
    let error = client("/nowhere").get("7").await.expect_err("no route");
    assert_eq!(error.status(), Some(http::StatusCode::NOT_FOUND));
}
