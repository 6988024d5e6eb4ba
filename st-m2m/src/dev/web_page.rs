//! Tells the requests of web pages from those of services.
//!
//! A page anywhere can make its visitor's browser send requests to loopback, where whoever asks is given tokens. A
//! `POST` of text needs no preflight, and its `Origin` names the page; a page whose name is rebound to 127.0.0.1 may
//! even read the answer, and its `Host` holds that name.

use http::{
    HeaderMap,
    header::{HOST, HeaderName, ORIGIN},
    request::Parts,
};

/// How a developer may name this machine. The server listens on 127.0.0.1; the others may lead there.
const LOOPBACK: [&[u8]; 3] = [b"127.0.0.1", b"localhost", b"[::1]"];

const FOREIGN_HOST: &str = "\
DevCore refuses this request: its Host is not 127.0.0.1, localhost or [::1].
It gives tokens to whoever asks, so that a web page whose name leads to this machine must not reach it.
Use the address that DevCore gives as its connection URI.";

const FOREIGN_ORIGIN: &str = "\
DevCore refuses this request: its Origin is not on 127.0.0.1, localhost or [::1].
It gives tokens to whoever asks, so that web pages from elsewhere must not reach it.
Send requests from a service, which sets no Origin.";

/// Refuses, with an explanation, what a web page from elsewhere may have sent.
pub(super) fn check(request: &Parts) -> Result<(), &'static str> {
    // An absolute target overrides Host (RFC 9112 §3.2.2); here both must do, and one must be there.
    let target = request.uri.authority().map(|it| it.as_str().as_bytes());
    let mut hosts = target
        .into_iter()
        .chain(values(&request.headers, HOST))
        .peekable();
    if hosts.peek().is_none() || !hosts.all(is_loopback) {
        return Err(FOREIGN_HOST);
    }
    if !values(&request.headers, ORIGIN).all(is_loopback_origin) {
        return Err(FOREIGN_ORIGIN);
    }
    Ok(())
}

fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(name)
        .into_iter()
        .map(http::HeaderValue::as_bytes)
}

/// Whether `authority` is a name of this machine, with or without a port.
fn is_loopback(authority: &[u8]) -> bool {
    LOOPBACK.iter().any(|name| {
        authority
            .split_at_checked(name.len())
            .is_some_and(|(host, port)| {
                host.eq_ignore_ascii_case(name)
                    && (port.is_empty()
                        || port
                            .strip_prefix(b":")
                            .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit)))
            })
    })
}

/// Whether a page with this `Origin` came from this machine. A page that hides its origin sends `null`.
fn is_loopback_origin(origin: &[u8]) -> bool {
    origin
        .strip_prefix(b"http://")
        .or_else(|| origin.strip_prefix(b"https://"))
        .is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn checked(target: &str, headers: &[(HeaderName, &str)]) -> Result<(), &'static str> {
        let mut request = Request::post(target);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        check(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn hosts() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:3567",
            "localhost",
            "LocalHost:1",
            "localhost:",
            "[::1]",
            "[::1]:65535",
        ] {
            assert_eq!(checked("/", &[(HOST, host)]), Ok(()), "{host}");
        }
        for host in [
            "",
            ":3567",
            "evil.example",
            "evil.example:3567",
            "127.0.0.1.evil.example",
            "localhost.evil.example:3567",
            "localhost:80.evil.example",
            "evil-localhost",
            "localhost@evil.example",
            "localhost, evil.example",
            "::1",
            "[::1",
            "[::2]",
            "0.0.0.0",
            "é",
        ] {
            assert_eq!(checked("/", &[(HOST, host)]), Err(FOREIGN_HOST), "{host}");
        }
        let (here, elsewhere) = ((HOST, "localhost"), (HOST, "evil.example"));
        assert_eq!(checked("/", &[]), Err(FOREIGN_HOST));
        assert_eq!(checked("/", &[here.clone(), elsewhere]), Err(FOREIGN_HOST));
        assert_eq!(checked("http://localhost/", &[]), Ok(()));
        assert_eq!(checked("http://evil.example/", &[here]), Err(FOREIGN_HOST));
    }

    #[test]
    fn origins() {
        let checked = |origin| checked("/", &[(HOST, "localhost"), (ORIGIN, origin)]);
        for origin in [
            "http://localhost:3000",
            "https://127.0.0.1",
            "http://[::1]:8080",
        ] {
            assert_eq!(checked(origin), Ok(()), "{origin}");
        }
        for origin in [
            "",
            "null",
            "localhost:3000",
            "https://evil.example",
            "http://localhost.evil.example",
            "http://localhost:3000 https://evil.example",
            "chrome-extension://localhost",
        ] {
            assert_eq!(checked(origin), Err(FOREIGN_ORIGIN), "{origin}");
        }
    }
}
