//! What goes back to the browser.
//!
//! Source: `supertokens-node`, `recipe/session/cookieAndHeaders.ts` and `utils.ts` (`setAccessTokenInResponse`).

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{CookieRules, SameSite, request::Transfer};
use crate::error::SessionError;

const FRONT_TOKEN: HeaderName = HeaderName::from_static("front-token");
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("st-access-token");
const REFRESH_TOKEN: HeaderName = HeaderName::from_static("st-refresh-token");
pub(super) const ANTI_CSRF: HeaderName = HeaderName::from_static("anti-csrf");

/// How long browsers keep the access token's cookie: longer than the token is valid, so that they know they may refresh
/// it (`recipe/session/constants.ts`: `oneYearInMs`).
const COOKIE_AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What JavaScript's `encodeURIComponent` leaves as it is.
const COOKIE_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// An answer to a request whose session is not good enough, where it is another than for service tokens.
#[derive(Clone, Debug)]
pub(crate) struct SessionAnswer {
    pub(crate) status: StatusCode,
    /// JSON.
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
}

/// What the browser must learn of its session.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// It has a new access token.
    Renewed(Renewed),
    /// It has ended.
    Ended,
}

/// A new access token, as headers. Their values are marked sensitive.
#[derive(Clone)]
pub(super) struct Renewed {
    token: HeaderValue,
    cookie_value: String,
    front_token: HeaderValue,
    /// The anti-csrf token that the request sent and the session holds.
    anti_csrf: Option<HeaderValue>,
}

/// What the frontend may know of the session: it cannot read the access token.
#[derive(Serialize)]
struct FrontToken<'t> {
    uid: &'t str,
    /// Milliseconds since the Unix epoch.
    ate: u64,
    up: &'t RawValue,
}

impl Renewed {
    /// `None` for a token that cannot stand in a header, which no core makes.
    pub(super) fn new(
        token: &str,
        user_id: &str,
        expires_at_millis: u64,
        payload: &str,
        anti_csrf: Option<&str>,
    ) -> Option<Self> {
        let front_token = FrontToken {
            uid: user_id,
            ate: expires_at_millis,
            up: serde_json::from_str(payload).ok()?,
        };
        let front_token = STANDARD.encode(serde_json::to_vec(&front_token).ok()?);
        Some(Self {
            token: sensitive(token)?,
            cookie_value: utf8_percent_encode(token, COOKIE_VALUE).to_string(),
            front_token: sensitive(&front_token)?,
            anti_csrf: match anti_csrf {
                Some(token) => Some(sensitive(token)?),
                None => None,
            },
        })
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewed")
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Change {
    /// Tells the browser, which has its session in `transfer`.
    pub(super) fn write(
        &self,
        headers: &mut HeaderMap,
        transfer: Transfer,
        cookies: &CookieRules,
        unix_millis: u64,
    ) {
        match self {
            Self::Renewed(renewed) => {
                set(headers, FRONT_TOKEN, renewed.front_token.clone());
                if transfer == Transfer::Cookie {
                    let expires = UNIX_EPOCH + Duration::from_millis(unix_millis) + COOKIE_AGE;
                    let name = &cookies.access_name;
                    let path = &cookies.access_path;
                    set_cookie(headers, cookies, name, &renewed.cookie_value, path, expires);
                }
                if transfer == Transfer::Header || cookies.expose_access_token {
                    set(headers, ACCESS_TOKEN, renewed.token.clone());
                }
                if let Some(token) = &renewed.anti_csrf {
                    set(headers, ANTI_CSRF, token.clone());
                }
            }
            Self::Ended => clear(headers, transfer, cookies),
        }
    }
}

/// What a handler answers that could not do something with its session and says so.
pub(crate) fn answer_to(error: &SessionError) -> Response<Bytes> {
    let (status, body) = match error {
        SessionError::Ended => (StatusCode::UNAUTHORIZED, r#"{"message":"unauthorised"}"#),
        SessionError::Core(_) | SessionError::NoCore => (
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"message":"authentication unavailable"}"#,
        ),
        SessionError::Claims(_) | SessionError::Data(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"message":"internal error"}"#,
        ),
    };
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Ends a session in every place where the browser may have it.
pub(super) fn clear_everywhere(headers: &mut HeaderMap, cookies: &CookieRules) {
    clear(headers, Transfer::Cookie, cookies);
    clear(headers, Transfer::Header, cookies);
}

fn clear(headers: &mut HeaderMap, transfer: Transfer, cookies: &CookieRules) {
    headers.remove(ANTI_CSRF);
    set(headers, FRONT_TOKEN, HeaderValue::from_static("remove"));
    match transfer {
        Transfer::Cookie => {
            for (name, path) in [
                (&cookies.access_name, &cookies.access_path),
                (&cookies.refresh_name, &cookies.refresh_path),
            ] {
                set_cookie(headers, cookies, name, "", path, UNIX_EPOCH);
            }
        }
        Transfer::Header => {
            for name in [ACCESS_TOKEN, REFRESH_TOKEN] {
                set(headers, name, HeaderValue::from_static(""));
            }
        }
    }
}

/// Sets a header and lets scripts of other origins read it.
fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    expose(headers, name.as_str());
    headers.insert(name, value);
}

/// Adds a name to `Access-Control-Expose-Headers`, which may hold the handler's own.
fn expose(headers: &mut HeaderMap, name: &str) {
    let exposed: Vec<&str> = headers
        .get_all(header::ACCESS_CONTROL_EXPOSE_HEADERS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    if exposed.iter().any(|it| it.eq_ignore_ascii_case(name)) {
        return;
    }
    let mut all = exposed.join(", ");
    if !all.is_empty() {
        all.push_str(", ");
    }
    all.push_str(name);
    if let Ok(value) = HeaderValue::from_str(&all) {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, value);
    }
}

/// Sets a cookie in place of what the answer says of it so far. The order of the attributes is the SDK's.
fn set_cookie(
    headers: &mut HeaderMap,
    rules: &CookieRules,
    name: &str,
    value: &str,
    path: &str,
    expires: SystemTime,
) {
    let mut cookie = format!("{name}={value}");
    if let Some(domain) = &rules.domain {
        cookie.extend(["; Domain=", domain]);
    }
    let expires = httpdate::fmt_http_date(expires);
    cookie.extend(["; Path=", path, "; Expires=", &expires, "; HttpOnly"]);
    if rules.secure {
        cookie.push_str("; Secure");
    }
    cookie.push_str(match rules.same_site {
        SameSite::Strict => "; SameSite=Strict",
        SameSite::Lax => "; SameSite=Lax",
        SameSite::None => "; SameSite=None",
    });
    // The configuration checked name, domain and paths, and the value is encoded.
    let Some(cookie) = sensitive(&cookie) else {
        return;
    };
    let others: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter(|it| !is_cookie(it, name))
        .cloned()
        .collect();
    headers.remove(header::SET_COOKIE);
    for other in others {
        headers.append(header::SET_COOKIE, other);
    }
    headers.append(header::SET_COOKIE, cookie);
}

fn is_cookie(value: &HeaderValue, name: &str) -> bool {
    value
        .as_bytes()
        .strip_prefix(name.as_bytes())
        .is_some_and(|rest| rest.starts_with(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies() -> CookieRules {
        CookieRules {
            access_name: "sAccessToken".to_owned(),
            refresh_name: "sRefreshToken".to_owned(),
            domain: None,
            secure: false,
            same_site: SameSite::Lax,
            access_path: "/".to_owned(),
            refresh_path: "/auth/session/refresh".to_owned(),
            expose_access_token: false,
        }
    }

    fn renewed(anti_csrf: Option<&str>) -> Change {
        let payload = r#"{"sub":"user-1","b":1,"a":2}"#;
        let renewed = Renewed::new("a.b=.c", "user-1", 1_795_444_686_000, payload, anti_csrf);
        Change::Renewed(renewed.expect("a change"))
    }

    fn written(change: &Change, transfer: Transfer, cookies: &CookieRules) -> Vec<String> {
        let mut headers = HeaderMap::new();
        // 2026-11-23T13:38:06Z, when the recordings were made.
        change.write(&mut headers, transfer, cookies, 1_795_441_086_196);
        listed(&headers)
    }

    fn listed(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
            .collect();
        lines.sort();
        lines
    }

    const FRONT: &str = "front-token: eyJ1aWQiOiJ1c2VyLTEiLCJhdGUiOjE3OTU0NDQ2ODYwMDAsInVwIjp7InN1YiI6InVzZXItMSIsImIiOjEsImEiOjJ9fQ==";

    #[test]
    fn a_new_token_goes_where_the_old_one_came_from() {
        assert_eq!(
            written(&renewed(None), Transfer::Header, &cookies()),
            [
                "access-control-expose-headers: front-token, st-access-token",
                FRONT,
                "st-access-token: a.b=.c",
            ]
        );
        assert_eq!(
            written(&renewed(Some("token")), Transfer::Cookie, &cookies()),
            [
                "access-control-expose-headers: front-token, anti-csrf",
                "anti-csrf: token",
                FRONT,
                "set-cookie: sAccessToken=a.b%3D.c; Path=/; Expires=Tue, 23 Nov 2027 13:38:06 GMT; HttpOnly; SameSite=Lax",
            ]
        );
        let every_attribute = CookieRules {
            access_name: "access".to_owned(),
            domain: Some(".example.com".to_owned()),
            secure: true,
            same_site: SameSite::None,
            access_path: "/api".to_owned(),
            expose_access_token: true,
            ..cookies()
        };
        assert_eq!(
            written(&renewed(None), Transfer::Cookie, &every_attribute),
            [
                "access-control-expose-headers: front-token, st-access-token",
                FRONT,
                "set-cookie: access=a.b%3D.c; Domain=.example.com; Path=/api; Expires=Tue, 23 Nov 2027 13:38:06 GMT; HttpOnly; Secure; SameSite=None",
                "st-access-token: a.b=.c",
            ]
        );
    }

    #[test]
    fn an_ended_session_is_cleared_where_it_came_from_or_everywhere() {
        let gone = [
            "set-cookie: sAccessToken=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
            "set-cookie: sRefreshToken=; Path=/auth/session/refresh; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
        ];
        assert_eq!(
            written(&Change::Ended, Transfer::Cookie, &cookies()),
            [
                "access-control-expose-headers: front-token",
                "front-token: remove",
                gone[0],
                gone[1],
            ]
        );
        assert_eq!(
            written(&Change::Ended, Transfer::Header, &cookies()),
            [
                "access-control-expose-headers: front-token, st-access-token, st-refresh-token",
                "front-token: remove",
                "st-access-token: ",
                "st-refresh-token: ",
            ]
        );
        let mut headers = HeaderMap::new();
        clear_everywhere(&mut headers, &cookies());
        assert_eq!(
            listed(&headers),
            [
                "access-control-expose-headers: front-token, st-access-token, st-refresh-token",
                "front-token: remove",
                gone[0],
                gone[1],
                "st-access-token: ",
                "st-refresh-token: ",
            ]
        );
    }

    #[test]
    fn what_the_handler_set_stays() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("access-control-expose-headers", "x-one, Front-Token"),
            ("access-control-expose-headers", "x-two"),
            ("set-cookie", "theme=dark"),
            ("set-cookie", "sAccessToken=old"),
            ("set-cookie", "sAccessTokens=another"),
        ] {
            let value = HeaderValue::from_static(value);
            headers.append(HeaderName::from_static(name), value);
        }
        renewed(None).write(&mut headers, Transfer::Cookie, &cookies(), 0);
        assert_eq!(
            listed(&headers),
            [
                "access-control-expose-headers: x-one, Front-Token",
                "access-control-expose-headers: x-two",
                FRONT,
                "set-cookie: sAccessToken=a.b%3D.c; Path=/; Expires=Fri, 01 Jan 1971 00:00:00 GMT; HttpOnly; SameSite=Lax",
                "set-cookie: sAccessTokens=another",
                "set-cookie: theme=dark",
            ]
        );
    }

    #[test]
    fn tokens_are_no_debug_output() {
        let text = format!("{:?}", renewed(Some("anti")));
        assert_eq!(text, "Renewed(Renewed)");
    }
}
