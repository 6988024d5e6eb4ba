//! Which token of a request decides, and what it decides (`supertokens-node`, `test/auth-modes.test.js`).

use http::Method;
use serde_json::json;
use st_m2m::{SigningKey, TokenTransfer};
use st_m2m_tests::{jwt, still::NOW};

use crate::service::{Answer, Service, bearer, claims, cookie, header};

const NOBODY: &str = "401 unauthorised";
const REFRESH: &str = "401 try refresh token";
const SERVICE: &str = "service orders";

/// Who is asked for: a user or a service, or a user alone. The SDK's `sessionRequired`.
const ROUTES: [&str; 2] = ["/who", "/session"];

/// What the table says of a request.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Nothing,
    Header,
    Cookie,
}

/// Transfer method, whether the header and the cookie hold a session, and which of them counts. With and without
/// `sessionRequired` these are the 24 rows of the SDK's behaviour table.
const TABLE: [(TokenTransfer, bool, bool, Expected); 12] = {
    use Expected::{Cookie, Header, Nothing};
    [
        (TokenTransfer::Any, false, false, Nothing),
        (TokenTransfer::Header, false, false, Nothing),
        (TokenTransfer::Cookie, false, false, Nothing),
        (TokenTransfer::Cookie, true, false, Nothing),
        (TokenTransfer::Header, false, true, Nothing),
        (TokenTransfer::Any, true, true, Header),
        (TokenTransfer::Header, true, true, Header),
        (TokenTransfer::Cookie, true, true, Cookie),
        (TokenTransfer::Any, true, false, Header),
        (TokenTransfer::Header, true, false, Header),
        (TokenTransfer::Any, false, true, Cookie),
        (TokenTransfer::Cookie, false, true, Cookie),
    ]
};

async fn ask(
    transfer: TokenTransfer,
    path: &str,
    header: Option<&str>,
    in_cookie: Option<&str>,
) -> Answer {
    let service = Service::with(|config| config.session_token_transfer(transfer)).await;
    let header = header.map(bearer);
    let in_cookie = in_cookie.map(cookie);
    let headers: Vec<_> = [("authorization", &header), ("cookie", &in_cookie)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
        .collect();
    service.get(path, &headers).await
}

#[tokio::test]
async fn the_behaviour_table_holds_for_valid_and_for_expired_tokens() {
    let service = Service::start().await;
    let valid = [service.session("of-header"), service.session("of-cookie")];
    let expired = [service.expired("of-header"), service.expired("of-cookie")];
    for (transfer, in_header, in_cookie, expected) in TABLE {
        for path in ROUTES {
            for (tokens, is_valid) in [(&valid, true), (&expired, false)] {
                let header = in_header.then_some(tokens[0].as_str());
                let cookie = in_cookie.then_some(tokens[1].as_str());
                let answer = ask(transfer, path, header, cookie).await;
                let expected = match expected {
                    // Nobody else was sent, so what the SDK calls `undefined` is nobody here.
                    Expected::Nothing => "401 unauthorised",
                    _ if !is_valid => "401 try refresh token",
                    Expected::Header => "session of-header",
                    Expected::Cookie => "session of-cookie",
                };
                assert_eq!(
                    answer.outcome(),
                    expected,
                    "{transfer:?} {path} {in_header} {in_cookie} {is_valid}"
                );
            }
        }
    }
}

/// Cases of protocol.md §5.4 and §6.37 to §6.46: headers of a `GET`, and what a handler that is open to both and one that
/// is open to users alone make of it. Where nobody is let in it is the SDK's 401 of `sessionRequired`.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
async fn each_token_of_a_request_is_judged_in_its_place() {
    let service = Service::start().await;
    let (session, other) = (service.session("one"), service.session("two"));
    let expired = service.expired("one");
    let machine = service.service_token();
    let mut tampered = session.clone();
    tampered.replace_range(tampered.len() - 6.., "AAAAAA");
    let mut expired_machine = jwt::claims();
    expired_machine["iat"] = 1.into();
    expired_machine["exp"] = 2.into();
    let expired_machine = jwt::sign(
        &service.core,
        SigningKey::Static,
        &jwt::header(),
        &expired_machine,
    );
    let visitor = json!({"iss": jwt::ISSUER, "iat": NOW, "exp": NOW + 60, "theme": "dark"});
    let visitor = jwt::sign(&service.core, SigningKey::Static, &jwt::header(), &visitor);
    let foreign = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2ln";

    let authorization = |token: &str| ("authorization", bearer(token));
    let in_cookie = |token: &str| ("cookie", cookie(token));
    for (headers, to_both, to_users) in [
        (vec![], NOBODY, NOBODY),
        // One token.
        (vec![authorization(&session)], "session one", "session one"),
        (vec![in_cookie(&session)], "session one", "session one"),
        (vec![authorization(&expired)], REFRESH, REFRESH),
        (vec![in_cookie(&expired)], REFRESH, REFRESH),
        (vec![authorization(&tampered)], REFRESH, REFRESH),
        (vec![in_cookie(&tampered)], REFRESH, REFRESH),
        (vec![authorization(&machine)], SERVICE, NOBODY),
        (vec![authorization(&expired_machine)], NOBODY, NOBODY),
        (vec![authorization(&visitor)], NOBODY, NOBODY),
        (vec![authorization(foreign)], NOBODY, NOBODY),
        (vec![authorization("nope")], NOBODY, NOBODY),
        (vec![authorization("")], NOBODY, NOBODY),
        (
            vec![("authorization", "Basic dXNlcjpwYXNz".to_owned())],
            NOBODY,
            NOBODY,
        ),
        // A service's token is no cookie.
        (vec![in_cookie(&machine)], NOBODY, NOBODY),
        // The scheme is exact for sessions, and any case for services.
        (
            vec![("authorization", format!("bearer {session}"))],
            NOBODY,
            NOBODY,
        ),
        (
            vec![("authorization", format!("bearer {machine}"))],
            SERVICE,
            NOBODY,
        ),
        // Two tokens: the header's session, else the cookie's, else the service.
        (
            vec![authorization(&session), in_cookie(&other)],
            "session one",
            "session one",
        ),
        (
            vec![authorization(&session), in_cookie(&expired)],
            "session one",
            "session one",
        ),
        (
            vec![authorization(&expired), in_cookie(&session)],
            REFRESH,
            REFRESH,
        ),
        (
            vec![authorization(foreign), in_cookie(&session)],
            "session one",
            "session one",
        ),
        (
            vec![authorization("nope"), in_cookie(&session)],
            "session one",
            "session one",
        ),
        (
            vec![authorization(&session), in_cookie("nope")],
            "session one",
            "session one",
        ),
        (
            vec![authorization(&machine), in_cookie(&session)],
            "session one",
            "session one",
        ),
        (
            vec![authorization(&machine), in_cookie(&expired)],
            REFRESH,
            REFRESH,
        ),
        (
            vec![authorization(&machine), in_cookie("nope")],
            SERVICE,
            NOBODY,
        ),
        (
            vec![
                authorization(&machine),
                ("cookie", "sRefreshToken=x".to_owned()),
            ],
            SERVICE,
            NOBODY,
        ),
        // Sessions of before 2023 go before everything.
        (
            vec![("cookie", "sIdRefreshToken=".to_owned())],
            REFRESH,
            REFRESH,
        ),
        (
            vec![
                authorization(&session),
                ("cookie", "sIdRefreshToken=x".to_owned()),
            ],
            REFRESH,
            REFRESH,
        ),
        (
            vec![
                authorization(&machine),
                ("cookie", "sIdRefreshToken=x".to_owned()),
            ],
            REFRESH,
            REFRESH,
        ),
        // Cookies of one name.
        (
            vec![(
                "cookie",
                format!("sAccessToken={session}; sAccessToken={other}"),
            )],
            REFRESH,
            REFRESH,
        ),
        (
            vec![
                authorization(&machine),
                ("cookie", format!("sAccessToken={session}; sAccessToken=x")),
            ],
            REFRESH,
            REFRESH,
        ),
        (
            vec![
                authorization(&session),
                ("cookie", format!("sAccessToken={other}; sAccessToken=x")),
            ],
            "session one",
            "session one",
        ),
        // Headers of one name: nobody guesses.
        (
            vec![authorization(&machine), authorization(&machine)],
            NOBODY,
            NOBODY,
        ),
        (
            vec![authorization(&session), authorization(&session)],
            NOBODY,
            NOBODY,
        ),
        (
            vec![authorization(&session), authorization(&machine)],
            NOBODY,
            NOBODY,
        ),
        (
            vec![
                authorization(&machine),
                authorization("x"),
                in_cookie(&session),
            ],
            NOBODY,
            NOBODY,
        ),
        // What other headers say does not matter.
        (vec![("st-access-token", session.clone())], NOBODY, NOBODY),
        (
            vec![in_cookie(&session), ("st-auth-mode", "header".to_owned())],
            "session one",
            "session one",
        ),
        (
            vec![
                authorization(&session),
                ("st-auth-mode", "cookie".to_owned()),
            ],
            "session one",
            "session one",
        ),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        // Twice, since a service's token is remembered.
        for _ in 0..2 {
            for (path, expected) in [
                ("/who", to_both),
                ("/principal", to_both),
                ("/session", to_users),
            ] {
                let answer = service.get(path, &headers).await;
                assert_eq!(answer.outcome(), expected, "{path} {headers:?}");
                // None of these has a session that the browser should forget (§6.46).
                assert_eq!(answer.header("set-cookie"), None);
                assert_eq!(answer.header("front-token"), None);
            }
        }
    }
}

/// A cookie service sees a session in the header: to the SDK that is no session, and to the guide's sample a service.
#[tokio::test]
async fn a_session_in_a_place_that_is_not_looked_at_is_no_service() {
    let service =
        Service::with(|config| config.session_token_transfer(TokenTransfer::Cookie)).await;
    let mut microservice = claims("one");
    microservice["source"] = "microservice".into();
    for token in [
        service.session("one"),
        service.sign(&header(), &microservice),
    ] {
        let answer = service
            .get("/who", &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.outcome(), "401 unauthorised");
    }
}

#[tokio::test]
async fn bearer_first_skips_cookies_for_services_alone() {
    let service =
        Service::with(|config| config.bearer_first(true).accept_oauth2_clients(true)).await;
    let (session, expired) = (service.session("one"), service.expired("one"));
    let machine = service.service_token();
    let client = json!({
        "iss": "https://api.example.com/auth", "sub": "stcl_1", "client_id": "stcl_1", "iat": NOW, "exp": NOW + 60, "stt": 1,
    });
    let client = jwt::sign(&service.core, SigningKey::Static, &jwt::header(), &client);
    let mut wrong = jwt::claims();
    wrong["iss"] = "https://elsewhere.example".into();
    let wrong = jwt::sign(&service.core, SigningKey::Static, &jwt::header(), &wrong);
    for (token, in_cookie, expected) in [
        (&*machine, cookie(&session), "service orders"),
        (&machine, cookie(&expired), "service orders"),
        (&machine, "sIdRefreshToken=x".to_owned(), "service orders"),
        (&client, cookie(&session), "service stcl_1"),
        // It has the form of a service's, so it is held to that kind's rules and no cookie helps it.
        (&wrong, cookie(&session), "401 unauthorised"),
        // No other has.
        ("nope", cookie(&session), "session one"),
        (&expired, cookie(&session), "401 try refresh token"),
        (&session, cookie(&expired), "session one"),
    ] {
        for _ in 0..2 {
            let headers = [("authorization", &*bearer(token)), ("cookie", &in_cookie)];
            let answer = service.get("/who", &headers).await;
            assert_eq!(answer.outcome(), expected, "{in_cookie}");
        }
    }
}

/// Preflight requests are answered by a CORS layer outside, never by a handler that nobody may call.
#[tokio::test]
async fn no_method_is_let_through() {
    let service = Service::start().await;
    for method in [Method::OPTIONS, Method::TRACE, Method::HEAD, Method::POST] {
        let answer = service.send(method.clone(), "/who", &[]).await;
        assert_eq!(answer.status, 401, "{method}");
    }
}

/// The types that `#[caller]` may have, and the rules of the service's branch.
#[tokio::test]
async fn a_handler_gets_what_it_asks_for() {
    let service = Service::start().await;
    let (session, machine) = (
        bearer(&service.session("one")),
        bearer(&service.service_token()),
    );
    for (token, expected) in [
        (&session, json!({"session": true, "service": false})),
        (&machine, json!({"session": false, "service": true})),
    ] {
        let answer = service.get("/options", &[("authorization", token)]).await;
        assert_eq!(answer.json(), expected);
    }
    let answer = service
        .get("/billing", &[("authorization", &machine)])
        .await;
    assert_eq!(answer.outcome(), "403 forbidden");
    let answer = service
        .get("/billing", &[("authorization", &session)])
        .await;
    assert_eq!(answer.outcome(), "session one", "`from` is about services");
    let answer = service.get("/who", &[("authorization", &session)]).await;
    let expected = json!({
        "session": true, "userId": "user-1", "recipeUserId": "recipe-user-1", "handle": "one", "tenantId": "public",
        "payload": claims("one"),
    });
    assert_eq!(answer.json(), expected);
}
