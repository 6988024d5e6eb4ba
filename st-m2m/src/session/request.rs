//! Where a request's session is, if it has one.
//!
//! Source: `supertokens-node`, `recipe/session/sessionRequestFunctions.ts` (`getSessionFromRequest`,
//! `getAccessTokenFromRequest`).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, Method, header};
use percent_encoding::percent_decode_str;

use super::{AntiCsrf, CookieRules, SessionRules, TokenTransfer, token};
use crate::verify::Reason;

/// The cookie of sessions made by SDKs before 2023. Whoever still has it must refresh, and gets a session of today.
const LEGACY_COOKIE: &str = "sIdRefreshToken";
const RECIPE_ID: HeaderName = HeaderName::from_static("rid");

/// How a browser sends its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    Cookie,
    Header,
}

/// A token with the shape of a session.
#[derive(Debug)]
pub(super) struct Presented<'r> {
    pub(super) token: Cow<'r, str>,
    pub(super) transfer: Transfer,
}

/// Finds the session of a request; `None` when no token in it has the shape of one. A token without that shape is as good
/// as none: it may be a service's.
///
/// `foreign_bearer` says that what the `Authorization` header holds is known to be no session.
pub(super) fn find<'r>(
    headers: &'r HeaderMap,
    rules: &SessionRules,
    foreign_bearer: bool,
) -> Result<Option<Presented<'r>>, Reason> {
    if cookie(headers, LEGACY_COOKIE).is_some() {
        return Err(Reason::SessionLegacyCookie);
    }
    // Which one counts would be anybody's guess, and another's than that of whatever stands before us.
    if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(Reason::SeveralAuthorizationHeaders);
    }
    if rules.transfer != TokenTransfer::Cookie
        && !foreign_bearer
        && let Some(token) = bearer(headers).filter(|it| token::has_shape(it))
    {
        return Ok(Some(Presented {
            token: Cow::Borrowed(token),
            transfer: Transfer::Header,
        }));
    }
    if rules.transfer != TokenTransfer::Header
        && let Some(token) = access_cookie(headers, &rules.cookies)
    {
        // Cookies of the same name for different domains: the browser does not tell them apart, and neither can we.
        if cookie_names(headers)
            .filter(|it| *it == rules.cookies.access_name)
            .count()
            > 1
        {
            return Err(Reason::SessionCookieTwice);
        }
        return Ok(Some(Presented {
            token,
            transfer: Transfer::Cookie,
        }));
    }
    Ok(None)
}

/// The anti-csrf token that the request sent, if it must send the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AntiCsrfDue<'r> {
    Nothing,
    Token(Option<&'r str>),
}

/// Whether a request that presents its session in `transfer` must show that no other site forged it; `check` is what the
/// handler says of it.
pub(super) fn anti_csrf<'r>(
    headers: &'r HeaderMap,
    method: &Method,
    transfer: Transfer,
    mode: AntiCsrf,
    check: Option<bool>,
) -> Result<AntiCsrfDue<'r>, Reason> {
    let check = check.unwrap_or(*method != Method::GET);
    if transfer == Transfer::Header || !check {
        return Ok(AntiCsrfDue::Nothing);
    }
    match mode {
        AntiCsrf::None => Ok(AntiCsrfDue::Nothing),
        AntiCsrf::ViaCustomHeader if headers.contains_key(RECIPE_ID) => Ok(AntiCsrfDue::Nothing),
        AntiCsrf::ViaCustomHeader => Err(Reason::SessionAntiCsrf),
        AntiCsrf::ViaToken => Ok(AntiCsrfDue::Token(anti_csrf_header(headers))),
    }
}

/// The anti-csrf token that the request sent.
pub(super) fn anti_csrf_header(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(super::response::ANTI_CSRF)
        .and_then(|it| it.to_str().ok())
}

/// What follows `Bearer ` in the header. Unlike services, browsers that spell the scheme otherwise send no session.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

fn access_cookie<'r>(headers: &'r HeaderMap, rules: &CookieRules) -> Option<Cow<'r, str>> {
    cookie(headers, &rules.access_name).filter(|it| token::has_shape(it))
}

/// Name and value of each cookie. HTTP/2 may send several `Cookie` headers that are one (RFC 9113 §8.2.3).
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, Option<&str>)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
        .flat_map(|value| value.split(';'))
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (bare(name), Some(bare(value))),
            None => (bare(pair), None),
        })
}

/// Without the white space that browsers do not keep either (RFC 6265 §5.2). Were Unicode's dropped as well, a cookie that
/// any subdomain may set would pass for one with `__Host-`.
fn bare(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The first cookie of this name, URL-decoded. Quotes around it are not part of it.
fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Option<Cow<'r, str>> {
    let value = pairs(headers).find_map(|(it, value)| value.filter(|_| it == name))?;
    let value = value
        .strip_prefix('"')
        .map_or(value, |rest| rest.strip_suffix('"').unwrap_or(rest));
    Some(
        percent_decode_str(value)
            .decode_utf8()
            .unwrap_or(Cow::Borrowed(value)),
    )
}

fn cookie_names(headers: &HeaderMap) -> impl Iterator<Item = Cow<'_, str>> {
    pairs(headers).map(|(name, _)| {
        percent_decode_str(name)
            .decode_utf8()
            .unwrap_or(Cow::Borrowed(name))
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;
    use crate::{session::SameSite, supertokens::SigningKey};

    /// Headers `kid`, `typ` and `version`, and the claims that the shape takes: what the SDK takes for a session.
    const SHAPED: &str = "eyJraWQiOiJkLTEiLCJ0eXAiOiJKV1QiLCJ2ZXJzaW9uIjoiNSJ9.eyJpYXQiOjEsImV4cCI6Miwic3ViIjoidSIsInJzdWIiOiJ1Iiwic2Vzc2lvbkhhbmRsZSI6ImgiLCJyZWZyZXNoVG9rZW5IYXNoMSI6IngifQ.c2ln";

    fn rules(transfer: TokenTransfer) -> SessionRules {
        SessionRules {
            anti_csrf: AntiCsrf::None,
            transfer,
            check_database: false,
            signing_key: SigningKey::Dynamic,
            allow_unversioned: false,
            claims: Vec::new(),
            cookies: CookieRules {
                access_name: "sAccessToken".to_owned(),
                refresh_name: "sRefreshToken".to_owned(),
                domain: None,
                secure: true,
                same_site: SameSite::Lax,
                access_path: "/".to_owned(),
                refresh_path: "/auth/session/refresh".to_owned(),
                expose_access_token: false,
            },
            expired_status: StatusCode::UNAUTHORIZED,
            invalid_claim_status: StatusCode::FORBIDDEN,
        }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    /// Where the session was found, or the reason.
    fn found(lines: &[(&'static str, &str)], rules: &SessionRules, foreign: bool) -> String {
        match find(&headers(lines), rules, foreign) {
            Ok(Some(presented)) => {
                assert_eq!(presented.token, SHAPED);
                format!("{:?}", presented.transfer)
            }
            Ok(None) => "none".to_owned(),
            Err(reason) => reason.as_str().to_owned(),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "it is one table")]
    fn sessions_are_found_where_the_sdk_finds_them() {
        let bearer = format!("Bearer {SHAPED}");
        let cookie = format!("sAccessToken={SHAPED}");
        let authorization = |value: &str| vec![("authorization", value.to_owned())];
        let cookies = |value: &str| vec![("cookie", value.to_owned())];
        for (lines, expected) in [
            (authorization(&bearer), "Header"),
            (authorization(&format!("Bearer   {SHAPED}  ")), "Header"),
            (authorization(&format!("bearer {SHAPED}")), "none"),
            (authorization(&format!("BEARER {SHAPED}")), "none"),
            (authorization(&format!("Bearer\t{SHAPED}")), "none"),
            (authorization(SHAPED), "none"),
            (authorization("Bearer"), "none"),
            (authorization("Bearer "), "none"),
            (authorization("Bearer \u{e9}"), "none"),
            (authorization("Basic dXNlcjpwYXNz"), "none"),
            (cookies(&cookie), "Cookie"),
            (cookies(&format!("a=b; {cookie} ;c")), "Cookie"),
            (cookies(&format!("a=b;{cookie};")), "Cookie"),
            (cookies(&format!("sAccessToken=\"{SHAPED}\"")), "Cookie"),
            (
                cookies(&format!("sAccessToken={}", SHAPED.replace('.', "%2E"))),
                "Cookie",
            ),
            (cookies(&format!("saccesstoken={SHAPED}")), "none"),
            (cookies(&format!("xsAccessToken={SHAPED}")), "none"),
            (cookies(&format!("\t sAccessToken =\t{SHAPED} ")), "Cookie"),
            // Names of their own to a browser, which lets any subdomain set them.
            (cookies(&format!("\u{a0}sAccessToken={SHAPED}")), "none"),
            (cookies(&format!("sAccessToken\u{2000}={SHAPED}")), "none"),
            (
                cookies(&format!("a=b; \u{85}sAccessToken={SHAPED}")),
                "none",
            ),
            (cookies("sAccessToken=garbage"), "none"),
            (cookies("sAccessToken=%zz"), "none"),
            (cookies("sAccessToken"), "none"),
            // The first counts. If it looks like no session, nothing is looked for behind it.
            (cookies(&format!("sAccessToken=garbage; {cookie}")), "none"),
            (
                cookies(&format!("{cookie}; sAccessToken=garbage")),
                "session_cookie_twice",
            ),
            (
                cookies(&format!("{cookie}; {cookie}")),
                "session_cookie_twice",
            ),
            (
                cookies(&format!("{cookie}; sAccess%54oken=x")),
                "session_cookie_twice",
            ),
            (
                cookies(&format!("{cookie}; sAccessToken")),
                "session_cookie_twice",
            ),
            (
                vec![("cookie", cookie.clone()), ("cookie", cookie.clone())],
                "session_cookie_twice",
            ),
            (
                vec![("cookie", "a=b".to_owned()), ("cookie", cookie.clone())],
                "Cookie",
            ),
            (
                vec![
                    ("cookie", format!("{cookie}; {cookie}")),
                    ("authorization", bearer.clone()),
                ],
                "Header",
            ),
            (
                vec![
                    ("cookie", cookie.clone()),
                    ("authorization", "Bearer a.b.c".to_owned()),
                ],
                "Cookie",
            ),
            (
                vec![
                    ("cookie", cookie.clone()),
                    ("authorization", "Bearer a.b.c".to_owned()),
                    ("authorization", bearer.clone()),
                ],
                "several_authorization_headers",
            ),
            (
                vec![
                    ("cookie", "sIdRefreshToken=".to_owned()),
                    ("authorization", bearer.clone()),
                ],
                "session_legacy_cookie",
            ),
            (cookies("a=b; sIdRefreshToken=x"), "session_legacy_cookie"),
            (cookies("sIdRefreshToken"), "none"),
        ] {
            let lines: Vec<_> = lines
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            assert_eq!(
                found(&lines, &rules(TokenTransfer::Any), false),
                expected,
                "{lines:?}"
            );
        }
        let both = [("cookie", &*cookie), ("authorization", &*bearer)];
        assert_eq!(found(&both, &rules(TokenTransfer::Cookie), false), "Cookie");
        assert_eq!(found(&both, &rules(TokenTransfer::Header), false), "Header");
        assert_eq!(found(&both, &rules(TokenTransfer::Any), true), "Cookie");
        let mut named = rules(TokenTransfer::Any);
        named.cookies.access_name = "mine".to_owned();
        let cookie = format!("sAccessToken=x; mine={SHAPED}");
        assert_eq!(found(&[("cookie", &cookie)], &named, false), "Cookie");
    }

    #[test]
    fn only_a_cookie_that_another_site_could_send_must_show_that_none_did() {
        use AntiCsrf::{None as Off, ViaCustomHeader, ViaToken};
        use Transfer::{Cookie, Header};
        const DUE: &str = "Token(Some(\"t\"))";
        let lines = headers(&[("anti-csrf", "t")]);
        let with_rid = headers(&[("rid", "")]);
        let due = |headers: &HeaderMap, method, transfer, mode, check| match anti_csrf(
            headers, &method, transfer, mode, check,
        ) {
            Ok(due) => format!("{due:?}"),
            Err(reason) => reason.as_str().to_owned(),
        };
        for (method, transfer, mode, check, expected) in [
            (Method::POST, Cookie, Off, None, "Nothing"),
            (Method::POST, Cookie, Off, Some(true), "Nothing"),
            (Method::POST, Cookie, ViaToken, None, DUE),
            (Method::HEAD, Cookie, ViaToken, None, DUE),
            (Method::OPTIONS, Cookie, ViaToken, None, DUE),
            (Method::GET, Cookie, ViaToken, None, "Nothing"),
            (Method::GET, Cookie, ViaToken, Some(true), DUE),
            (Method::POST, Cookie, ViaToken, Some(false), "Nothing"),
            (Method::POST, Header, ViaToken, Some(true), "Nothing"),
            (
                Method::POST,
                Cookie,
                ViaCustomHeader,
                None,
                "session_anti_csrf",
            ),
            (Method::GET, Cookie, ViaCustomHeader, None, "Nothing"),
            (
                Method::GET,
                Cookie,
                ViaCustomHeader,
                Some(true),
                "session_anti_csrf",
            ),
            (
                Method::POST,
                Cookie,
                ViaCustomHeader,
                Some(false),
                "Nothing",
            ),
            (Method::POST, Header, ViaCustomHeader, Some(true), "Nothing"),
        ] {
            let expected_with_rid = expected.replace("session_anti_csrf", "Nothing");
            let case = format!("{method} {transfer:?} {mode:?} {check:?}");
            assert_eq!(
                due(&lines, method.clone(), transfer, mode, check),
                expected,
                "{case}"
            );
            assert_eq!(
                due(&with_rid, method, transfer, mode, check),
                expected_with_rid.replace("Some(\"t\")", "None"),
                "{case}"
            );
        }
    }
}
