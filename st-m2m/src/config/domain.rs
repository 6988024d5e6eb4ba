//! How SuperTokens' SDKs read a domain and a path, so that one configuration value means the same everywhere.
//!
//! Source: `supertokens-node`, `normalisedURLDomain.ts` and `normalisedURLPath.ts`. Where the SDK drops user
//! info, a query or a fragment in silence, this is an error.

use url::{Host, Url};

/// A domain, normalised to `scheme://host[:port]`, and the path behind it, without a slash at its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) origin: Url,
    pub(crate) domain: String,
    pub(crate) path: String,
}

/// Reads `text` as the SDKs do: with a scheme as it stands, without one as `https`, or as `http` for `localhost`
/// and IPv4 addresses.
pub(crate) fn location(text: &str) -> Result<Location, String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let url = if lower.starts_with("http://") || lower.starts_with("https://") {
        parse(text, text)?
    } else if lower
        .split_once(':')
        .is_some_and(|(_, rest)| !is_port(rest))
    {
        // What stands before the colon is not repeated: it may be a password.
        return Err(
            "has no port behind its `:`, or a scheme other than `https://` or `http://`".to_owned(),
        );
    } else {
        without_scheme(text, &lower)?
    };
    if url.path().contains('@') {
        return Err("must not hold a user name or password, nor an `@`".to_owned());
    }
    let path = url
        .path()
        .strip_suffix('/')
        .unwrap_or(url.path())
        .to_owned();
    let mut origin = url;
    origin.set_path("");
    let domain = origin.as_str().trim_end_matches('/').to_owned();
    Ok(Location {
        origin,
        domain,
        path,
    })
}

/// Whether what follows a colon is a port, and perhaps a path.
fn is_port(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && (digits == rest.len() || rest[digits..].starts_with('/'))
}

fn without_scheme(text: &str, lower: &str) -> Result<Url, String> {
    let bare = text.strip_prefix('.').unwrap_or(text);
    if bare.starts_with('/') || !(bare.contains('.') || lower.starts_with("localhost")) {
        let example = match bare {
            "" => "https://api.example.com".to_owned(),
            _ if bare.starts_with('/') => "https://api.example.com".to_owned(),
            _ => format!("http://{bare}"),
        };
        return Err(format!(
            "{} is no domain; write it with its scheme, such as `{}`",
            shown(text),
            shown_in(&example)
        ));
    }
    let assumed = parse(&format!("https://{bare}"), text)?;
    let local = assumed
        .host_str()
        .is_some_and(|host| host.starts_with("localhost"))
        || matches!(assumed.host(), Some(Host::Ipv4(_)));
    if local {
        parse(&format!("http://{bare}"), text)
    } else {
        Ok(assumed)
    }
}

/// A value in a message, unless it may hold a password or a key.
fn shown(text: &str) -> String {
    if is_private(text) {
        "the value (not shown)".to_owned()
    } else {
        format!("`{text}`")
    }
}

fn shown_in(example: &str) -> &str {
    if is_private(example) {
        "http://core:3567"
    } else {
        example
    }
}

fn is_private(text: &str) -> bool {
    text.contains(['@', '?', '#'])
}

fn parse(absolute: &str, written: &str) -> Result<Url, String> {
    let url = Url::parse(absolute)
        .map_err(|error| format!("{} is not a URL: {error}", shown(written)))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a query or fragment".to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("{} names no host", shown(written)));
    }
    Ok(url)
}

/// A path as the SDKs normalise it: a slash at its beginning, none at its end, empty for the root.
pub(crate) fn base_path(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains(['?', '#', ' ']) || text.contains("://") {
        return Err(format!("{} is no path; write it like `/auth`", shown(text)));
    }
    let trimmed = text.trim_start_matches('/').trim_end_matches('/');
    if trimmed
        .split('/')
        .any(|segment| matches!(segment, "." | ".."))
    {
        return Err(format!("`{text}` has a dot segment; write it like `/auth`"));
    }
    Ok(if trimmed.is_empty() {
        String::new()
    } else {
        format!("/{trimmed}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> String {
        location(text).map_or_else(|problem| format!("error: {problem}"), |it| it.domain)
    }

    #[test]
    fn domains_read_as_in_the_node_sdk() {
        for (written, expected) in [
            ("http://api.example.com", "http://api.example.com"),
            ("https://api.example.com", "https://api.example.com"),
            (
                "http://api.example.com?",
                "error: must not have a query or fragment",
            ),
            ("https://api.example.com/", "https://api.example.com"),
            (
                "http://API.example.com:80/one/two",
                "http://api.example.com",
            ),
            ("https://api.example.com:443", "https://api.example.com"),
            (
                "https://api.example.com:3000",
                "https://api.example.com:3000",
            ),
            ("api.example.com", "https://api.example.com"),
            ("api.example.com/auth", "https://api.example.com"),
            (".example.com", "https://example.com"),
            ("localhost", "http://localhost"),
            ("localhost:4000", "http://localhost:4000"),
            ("localhost.org", "http://localhost.org"),
            ("127.0.0.1:3567", "http://127.0.0.1:3567"),
            ("  https://api.example.com ", "https://api.example.com"),
            ("http://[::1]:3567", "http://[::1]:3567"),
        ] {
            assert_eq!(domain(written), expected, "{written}");
        }
    }

    #[test]
    fn what_is_no_domain_says_so_and_repeats_no_password() {
        for written in [
            "core",
            "core:3567",
            "/auth",
            "",
            "ftp://a.b",
            "http://",
            "https://user:hunter2@a.b",
            "https://user:hunter2@a.b:99999",
            "ftp://user:hunter2@a.b",
            "user:hunter2@core",
            "user:hunter2@a.b",
            "http:/user:hunter2@a.b",
            "http//user:hunter2@a.b",
            "tcp://:hunter2@core:3567",
            "hunter2@core.example:",
            "HUNTER2@core.example.com:35x",
            "core.example.com?api_key=hunter2&u=http://x",
            "core.example.com#hunter2:x",
            "[::1]:3567",
            "http://core/?api_key=hunter2",
            "core?api_key=hunter2",
            "http://core/#hunter2",
        ] {
            let answer = domain(written);
            assert!(answer.starts_with("error: "), "{written}: {answer}");
            assert!(!answer.to_lowercase().contains("hunter2"), "{answer}");
        }
        assert!(
            domain("core").contains("`http://core`"),
            "{}",
            domain("core")
        );
        assert!(
            domain("core:3567").contains("`http://core:3567`"),
            "{}",
            domain("core:3567")
        );
    }

    #[test]
    fn paths_read_as_in_the_node_sdk() {
        for (written, expected) in [
            ("/auth", "/auth"),
            ("auth", "/auth"),
            ("/auth/", "/auth"),
            ("/", ""),
            ("", ""),
            ("/API/Auth", "/API/Auth"),
        ] {
            assert_eq!(base_path(written).as_deref(), Ok(expected), "{written}");
        }
        assert!(base_path("https://a.b/auth").is_err());
        assert!(base_path("/a?b").is_err());
        assert!(base_path("/a/../b").is_err());
    }
}
