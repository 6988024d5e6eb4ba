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
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (pair.trim(), None),
        })
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
