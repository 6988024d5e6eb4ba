//! Requests that another site could have made (`supertokens-node`, `test/sessionExpress.test.js`).

use http::Method;
use st_m2m::{AntiCsrf, Config, ConfigBuilder, JwksSource, SameSite};
use st_m2m_tests::still;

use crate::service::{Service, bearer, claims, cookie, header, start};

const REFRESH: &str = "401 try refresh token";
const IN: &str = "session one";

/// Method, path, further header, and what comes of it.
type Row<'r> = (Method, &'r str, Option<(&'r str, &'r str)>, &'r str);

/// Asks with the session in a cookie, and with the session in the header, where nothing is asked.
async fn check(service: &Service, token: &str, rows: &[Row<'_>]) {
    let (in_cookie, in_header) = (cookie(token), bearer(token));
    for (method, path, further, expected) in rows {
        let mut headers = vec![("cookie", &*in_cookie)];
        headers.extend(*further);
        let answer = service.send(method.clone(), path, &headers).await;
        let case = format!("{method} {path} {further:?}");
        if *method == Method::HEAD {
            assert_eq!(
                answer.status.as_u16(),
                expected[..3].parse().unwrap_or(200),
                "{case}"
            );
        } else {
            assert_eq!(answer.outcome(), *expected, "{case}");
        }
        // No other site can send that header.
        let headers = [("authorization", &*in_header)];
        if *method != Method::HEAD {
            let answer = service.send(method.clone(), path, &headers).await;
            assert_eq!(answer.outcome(), IN, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_custom_header_is_any_rid() {
    let service = Service::with(|config| config.session_anti_csrf(AntiCsrf::ViaCustomHeader)).await;
    let token = service.session("one");
    check(
        &service,
        &token,
        &[
            (Method::GET, "/who", None, IN),
            (Method::POST, "/who", None, REFRESH),
            (Method::PUT, "/who", None, REFRESH),
            (Method::HEAD, "/who", None, REFRESH),
            (Method::OPTIONS, "/who", None, REFRESH),
            (Method::POST, "/session", None, REFRESH),
            (Method::POST, "/who", Some(("anti-csrf", "x")), REFRESH),
            (Method::POST, "/who", Some(("rid", "anti-csrf")), IN),
            (Method::POST, "/who", Some(("rid", "session")), IN),
            (Method::POST, "/who", Some(("rid", "")), IN),
            (Method::POST, "/no-anti-csrf", None, IN),
            (Method::GET, "/anti-csrf", None, REFRESH),
            (Method::GET, "/anti-csrf", Some(("rid", "x")), IN),
        ],
    )
    .await;
    // Without a session there is nothing to forge.
    let machine = service.service_token();
    let answer = service
        .post("/who", &[("authorization", &bearer(&machine))])
        .await;
    assert_eq!(answer.outcome(), "service orders");
    assert_eq!(
        service.post("/who", &[]).await.outcome(),
        "401 unauthorised"
    );
    // A service's token is no way around it.
    let headers = [
        ("authorization", &*bearer(&machine)),
        ("cookie", &*cookie(&token)),
    ];
    assert_eq!(service.post("/who", &headers).await.outcome(), REFRESH);
}

#[tokio::test]
async fn a_token_is_the_one_in_the_session() {
    let service = Service::with(|config| config.session_anti_csrf(AntiCsrf::ViaToken)).await;
    let mut with_token = claims("one");
    with_token["antiCsrfToken"] = "5620c091".into();
    let with_token = service.sign(&header(), &with_token);
    check(
        &service,
        &with_token,
        &[
            (Method::GET, "/who", None, IN),
            (Method::GET, "/who", Some(("anti-csrf", "wrong")), IN),
            (Method::POST, "/who", None, REFRESH),
            (Method::HEAD, "/who", None, REFRESH),
            (Method::POST, "/who", Some(("anti-csrf", "wrong")), REFRESH),
            (Method::POST, "/who", Some(("anti-csrf", "")), REFRESH),
            (Method::POST, "/who", Some(("rid", "anti-csrf")), REFRESH),
            (Method::POST, "/who", Some(("anti-csrf", "5620c091")), IN),
            (Method::POST, "/no-anti-csrf", None, IN),
            (Method::GET, "/anti-csrf", None, REFRESH),
            (
                Method::GET,
                "/anti-csrf",
                Some(("anti-csrf", "5620c091")),
                IN,
            ),
        ],
    )
    .await;
    // A session without such a token was made by a service that does not ask for it.
    check(
        &service,
        &service.session("one"),
        &[
            (Method::GET, "/who", None, IN),
            (Method::POST, "/who", None, REFRESH),
            (Method::POST, "/who", Some(("anti-csrf", "null")), REFRESH),
        ],
    )
    .await;
}

/// Whether a cookie crosses sites tells what is asked, unless something is said of it.
#[tokio::test]
async fn the_default_follows_the_domains() {
    type Change = fn(ConfigBuilder) -> ConfigBuilder;
    let rows: [(&str, Change, bool); 14] = [
        (
            "https://api.example.com",
            |it| it.website_domain("https://example.com"),
            false,
        ),
        (
            "https://api.example.com",
            |it| it.website_domain("https://www.example.com"),
            false,
        ),
        (
            "https://api.example.com",
            |it| it.website_domain("https://example.com:8443"),
            false,
        ),
        (
            "https://api.example.co.uk",
            |it| it.website_domain("https://www.example.co.uk"),
            false,
        ),
        (
            "https://api.example.com",
            |it| it.website_domain("http://example.com"),
            true,
        ),
        (
            "https://api.example.com",
            |it| it.website_domain("https://example.org"),
            true,
        ),
        (
            "https://api.example.co.uk",
            |it| it.website_domain("https://other.co.uk"),
            true,
        ),
        // Of private suffixes, each name below is a site.
        (
            "https://a.github.io",
            |it| it.website_domain("https://b.github.io"),
            true,
        ),
        (
            "http://localhost:3001",
            |it| it.website_domain("http://localhost:3000"),
            false,
        ),
        (
            "http://127.0.0.1:3001",
            |it| it.website_domain("http://localhost:3000"),
            false,
        ),
        (
            "https://api.example.com",
            |it| it.session_cookie_same_site(SameSite::None),
            true,
        ),
        (
            "https://api.example.com",
            |it| it.session_cookie_same_site(SameSite::Strict),
            false,
        ),
        // Nothing tells, so it is asked for.
        ("https://api.example.com", |it| it, true),
        (
            "https://api.example.com",
            |it| {
                it.website_domain("https://example.org")
                    .session_anti_csrf(AntiCsrf::None)
            },
            false,
        ),
    ];
    let core = still::shared_core();
    for (api_domain, change, is_asked) in rows {
        let config = Config::builder()
            .api_domain(api_domain)
            .jwks(JwksSource::Document(core.jwks().expect("keys").to_string()))
            .clock(still::clock());
        let m2m = start(change(config)).await;
        let service = Service {
            core: core.clone(),
            m2m,
        };
        let headers = [("cookie", &*cookie(&service.session("one")))];
        let expected = if is_asked { REFRESH } else { IN };
        assert_eq!(
            service.post("/who", &headers).await.outcome(),
            expected,
            "{api_domain}"
        );
        assert_eq!(
            service.get("/who", &headers).await.outcome(),
            IN,
            "{api_domain}"
        );
    }
}
