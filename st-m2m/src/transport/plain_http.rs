//! Where plain http is allowed.

use url::{Host, Url};

/// The hosts, beside loopback, to which plain http is allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlainHttp(Vec<Pattern>);

#[derive(Clone, Debug)]
enum Pattern {
    Any,
    Host(String),
    /// With the leading dot.
    Suffix(String),
}

impl PlainHttp {
    /// Reads host names, `*.suffix` patterns and `*`.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        patterns
            .iter()
            .map(|pattern| {
                let pattern = pattern.trim().to_ascii_lowercase();
                let (suffix, name) = match pattern.strip_prefix("*.") {
                    Some(name) => (true, name),
                    None => (false, pattern.as_str()),
                };
                let well_formed = !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
                match (pattern.as_str(), suffix) {
                    ("*", _) => Ok(Pattern::Any),
                    _ if !well_formed => Err(format!(
                        "`{pattern}` is no host; write a host (`core`), a suffix (`*.svc.cluster.local`) or `*`"
                    )),
                    (_, true) => Ok(Pattern::Suffix(format!(".{name}"))),
                    (_, false) => Ok(Pattern::Host(pattern)),
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Refuses a URL that would send tokens or fetch keys over plain http.
    pub(crate) fn check(&self, url: &Url) -> Result<(), String> {
        if url.scheme() == "https" || is_loopback(url) {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default();
        let allowed = self.0.iter().any(|pattern| match pattern {
            Pattern::Any => true,
            Pattern::Host(name) => name == host,
            Pattern::Suffix(suffix) => host.ends_with(suffix.as_str()),
        });
        if allowed {
            Ok(())
        } else {
            Err(format!(
                "plain http to `{host}` would let the network read tokens or replace keys; use https, or name the host in `allow_http`"
            ))
        }
    }
}

/// Whether the URL's host is this machine: a loopback address, or `localhost` itself. Names below it are not: many
/// resolvers ask the network for them, whatever RFC 6761 §6.3 says.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(patterns: &[&str], url: &str) -> bool {
        let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
        let plain_http = PlainHttp::new(&patterns).expect("patterns");
        plain_http.check(&Url::parse(url).expect("url")).is_ok()
    }

    #[test]
    fn loopback_and_https_need_no_permission() {
        for url in [
            "https://a.b",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]",
            "http://localhost",
        ] {
            assert!(allows(&[], url), "{url}");
        }
        for url in [
            "http://core:3567",
            "http://a.localhost",
            "http://localhost.",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(!allows(&[], url), "{url}");
        }
    }

    #[test]
    fn patterns_name_hosts_and_suffixes() {
        assert!(allows(&["core"], "http://core:3567"));
        assert!(!allows(&["core"], "http://score:3567"));
        assert!(allows(
            &["*.svc.cluster.local"],
            "http://billing.svc.cluster.local"
        ));
        assert!(!allows(
            &["*.svc.cluster.local"],
            "http://svc.cluster.local"
        ));
        assert!(!allows(
            &["*.svc.cluster.local"],
            "http://evilsvc.cluster.local"
        ));
        assert!(allows(&["*"], "http://anything"));
        assert!(PlainHttp::new(&["http://core".to_owned()]).is_err());
        assert!(PlainHttp::new(&[String::new()]).is_err());
        assert!(PlainHttp::new(&["a.*".to_owned()]).is_err());
    }
}
