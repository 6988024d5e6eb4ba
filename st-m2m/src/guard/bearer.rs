//! The bearer token of a request.

use http::{HeaderMap, header};

use crate::verify::Reason;

const SCHEME: &[u8] = b"bearer";

/// What follows `Bearer ` in a request's one `Authorization` header.
///
/// Its bytes are compared with those of tokens that were verified before; whoever reads it as a token checks it first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bearer<'h>(&'h [u8]);

impl<'h> Bearer<'h> {
    /// Reads the header (RFC 6750 §2.1). The scheme is matched without regard to case (RFC 9110 §11.1); one or more
    /// spaces follow (§11.4), and the token is the rest of the value.
    pub(super) fn of(headers: &'h HeaderMap) -> Result<Self, Reason> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next().ok_or(Reason::NoCredentials)?.as_bytes();
        if values.next().is_some() {
            return Err(Reason::SeveralAuthorizationHeaders);
        }
        // As nearly everybody writes it.
        if let Some(token) = value.strip_prefix(b"Bearer ")
            && token.first().is_some_and(|byte| *byte != b' ')
        {
            return Ok(Self(token));
        }
        Self::spelled_otherwise(value)
    }

    #[cold]
    fn spelled_otherwise(value: &'h [u8]) -> Result<Self, Reason> {
        let scheme_end = value
            .iter()
            .position(|byte| !byte.is_ascii_graphic())
            .unwrap_or(value.len());
        let (scheme, rest) = value.split_at(scheme_end);
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(Reason::NoCredentials);
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let token = &rest[spaces..];
        if spaces == 0 || token.is_empty() {
            return Err(Reason::MalformedAuthorizationHeader);
        }
        Ok(Self(token))
    }

    pub(super) fn as_bytes(self) -> &'h [u8] {
        self.0
    }

    /// What should be a token.
    pub(super) fn as_str(self) -> Result<&'h str, Reason> {
        std::str::from_utf8(self.0).map_err(|_| Reason::MalformedAuthorizationHeader)
    }

    /// Why it is no token, where something else found that out: every token that is accepted has fewer characters than RFC
    /// 6750's `b64token`. `Bearer a, Bearer b` is no such thing.
    #[cold]
    pub(super) fn explain(self, reason: Reason) -> Reason {
        let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
        if reason == Reason::MalformedToken && !self.0.iter().all(in_alphabet) {
            Reason::MalformedAuthorizationHeader
        } else {
            reason
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).expect("a header value");
            headers.append(header::AUTHORIZATION, value);
        }
        let bearer = Bearer::of(&headers)?;
        let token = bearer.as_str()?;
        match bearer.explain(Reason::MalformedToken) {
            Reason::MalformedToken => Ok(token.to_owned()),
            reason => Err(reason),
        }
    }

    #[test]
    fn one_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        for value in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER a.b.c",
            "Bearer   a.b.c",
        ] {
            assert_eq!(read(&[value.as_bytes()]), Ok("a.b.c".to_owned()), "{value}");
        }
    }

    #[test]
    fn every_other_shape_has_its_reason() {
        assert_eq!(read(&[]), Err(Reason::NoCredentials));
        for value in [
            "",
            "Basic dXNlcjpwYXNz",
            "a.b.c",
            "Bearerx a.b.c",
            "Bear er a.b.c",
            "DPoP a.b.c",
        ] {
            assert_eq!(
                read(&[value.as_bytes()]),
                Err(Reason::NoCredentials),
                "{value}"
            );
        }
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer\ta.b.c",
            "Bearer \ta.b.c",
            "Bearer a.b.c ",
            "Bearer a.b.c\t",
            "Bearer a.b.c x",
            "Bearer a.b.c,",
            "Bearer a.b.c, Bearer d.e.f",
            "Bearer \"a.b.c\"",
            "Bearer a\u{e9}b",
            "Bearer token=\"a\"",
        ] {
            assert_eq!(
                read(&[value.as_bytes()]),
                Err(Reason::MalformedAuthorizationHeader),
                "{value:?}"
            );
        }
        assert_eq!(
            read(&[b"Bearer \xff"]),
            Err(Reason::MalformedAuthorizationHeader)
        );
        assert_eq!(
            read(&[b"Bearer a.b.c", b"Bearer a.b.c"]),
            Err(Reason::SeveralAuthorizationHeaders)
        );
        assert_eq!(
            read(&[b"Basic eDp5", b"Bearer a.b.c"]),
            Err(Reason::SeveralAuthorizationHeaders)
        );
    }
}
