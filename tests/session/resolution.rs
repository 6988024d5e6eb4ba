//! Which token of a request decides, and what it decides (`supertokens-node`, `test/auth-modes.test.js`).

use st_m2m::TokenTransfer;

use crate::service::{Answer, Service, bearer, cookie};

/// Who is asked for: a session or a service, or a session alone. The SDK's `sessionRequired`.
const ROUTES: [(&str, bool); 2] = [("/who", false), ("/session", true)];

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
        for (path, _) in ROUTES {
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
