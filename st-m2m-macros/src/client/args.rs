//! The arguments of `#[m2m_client]`.

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use crate::attr::{self, Argument, Slot};
use crate::diag::Diagnostics;
use crate::krate::Krate;

/// Every key there is.
const KEYS: &[&str] = &["service", "base_url", "crate"];

/// What the attribute itself says.
pub(super) struct Args {
    /// Absent only after an error.
    pub(super) service: Option<LitStr>,
    pub(super) base_url: Option<LitStr>,
    pub(super) krate: Krate,
}

impl Args {
    /// Reads the arguments. What is wrong is reported and counts as absent.
    pub(super) fn read(tokens: TokenStream, diag: &mut Diagnostics) -> Self {
        let (mut service, mut base_url, mut krate) = (Slot::new(), Slot::new(), Slot::new());
        let mut misspelled = false;
        for argument in Argument::parse_all(tokens, "service", diag) {
            if argument.key == "service" {
                let name = argument.parse(r#"a service name such as `"billing"`"#, diag);
                let name = name.filter(|name| check_service(name, diag));
                service.set(argument.key, name, diag);
            } else if argument.key == "base_url" {
                let url = argument.parse(r#"a URL such as `"https://billing.internal"`"#, diag);
                let url = url.filter(|url| check_base_url(url, diag));
                base_url.set(argument.key, url, diag);
            } else if argument.key == "crate" {
                let path = Krate::from_argument(&argument, diag);
                krate.set(argument.key, path, diag);
            } else if attr::unknown("argument", &argument.key, KEYS, diag) == Some("service") {
                // Given, only misspelled: it is not missing as well.
                misspelled = true;
            }
        }
        if !service.is_given() && !misspelled {
            diag.at(Span::call_site(), "missing `service = \"...\"`");
        }
        Self {
            service: service.into_value(),
            base_url: base_url.into_value(),
            krate: krate.into_value().unwrap_or(Krate::DEFAULT),
        }
    }
}

/// A service name is part of host names and of environment variables.
fn check_service(literal: &LitStr, diag: &mut Diagnostics) -> bool {
    let name = literal.value();
    let good = |c| matches!(c, 'a'..='z' | '0'..='9' | '-');
    if name.is_empty() {
        diag.on(
            literal,
            r#"a service name cannot be empty; write one such as `"billing"`"#,
        );
    } else if !name.chars().all(good) {
        let near = name.trim().to_lowercase().replace(['_', '.', ' '], "-");
        let help = if !near.is_empty() && near.chars().all(good) {
            format!("write `{near:?}`")
        } else {
            r#"write one such as `"billing"`"#.to_owned()
        };
        diag.on(
            literal,
            format!("service names use lowercase letters, digits and `-`; {help}"),
        );
    } else {
        return true;
    }
    false
}

/// A base URL is what every path is appended to.
fn check_base_url(literal: &LitStr, diag: &mut Diagnostics) -> bool {
    let good = is_base_url(&literal.value());
    if !good {
        diag.on(
            literal,
            r#"`base_url` must be an absolute http(s) URL with no query, fragment or credentials; write one such as `"https://billing.internal"`"#,
        );
    }
    good
}

/// Whether this is `http(s)://host[:port][/path]`. The runtime parses it fully; this only catches
/// what is plainly wrong.
fn is_base_url(url: &str) -> bool {
    let scheme = |scheme: &str| {
        url.get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
    };
    let Some(scheme) = scheme("https://").or_else(|| scheme("http://")) else {
        return false;
    };
    let rest = &url[scheme.len()..];
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |c: char| {
        c.is_ascii_graphic()
            && !matches!(
                c,
                '?' | '#' | '@' | '\\' | '<' | '>' | '"' | '`' | '{' | '|' | '}' | '^'
            )
    };
    let dots = path
        .split('/')
        .any(|segment| segment == "." || segment == "..");
    rest.chars().all(plain) && !dots && is_authority(authority)
}

/// Whether this is `host[:port]`.
fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        // The colons of an IPv6 address are inside brackets.
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return false,
            },
            None => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    !host.is_empty()
        && !host.contains(['[', ']'])
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        for good in [
            "https://billing.internal",
            "http://localhost:8080",
            "HTTPS://a/b/c/",
            "https://[::1]:443/x",
            "https://a-b_c.example/v1:x",
        ] {
            assert!(is_base_url(good), "{good}");
        }
        for bad in [
            "",
            "billing",
            "/billing",
            "ftp://a",
            "https://",
            "https:///a",
            "https://:80",
            "https://a:port",
            "https://a:99999",
            "https://a?b",
            "https://a/#b",
            "https://user:pw@a",
            "https://a b",
            "https://a/../b",
            "https://[::1",
            "https://[::1]x",
            "https://é",
            "httpé://",
        ] {
            assert!(!is_base_url(bad), "{bad}");
        }
    }
}
