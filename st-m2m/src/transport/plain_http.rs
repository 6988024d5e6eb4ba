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
                if pattern == "*" {
                    return Ok(Pattern::Any);
                }
                let (suffix, name) = match pattern.strip_prefix("*.") {
                    Some(name) => (true, name),
                    None => (false, pattern.as_str()),
                };
                // As a URL's host is written, so that the two can be compared.
                let host = Host::parse(name)
                    .ok()
                    .filter(|host| !suffix || matches!(host, Host::Domain(_)))
                    .map(|host| host.to_string())
                    .filter(|host| !host.contains('*'))
                    .ok_or_else(|| {
                        format!(
                            "`{pattern}` is no host; write a host without a port (`core`, `[fd00::1]`), a suffix (`*.svc.cluster.local`) or `*`"
                        )
                    })?;
                Ok(if suffix {
                    Pattern::Suffix(format!(".{host}"))
                } else {
                    Pattern::Host(host)
                })
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
        for refused in ["a.*", "core:3567", "fd00::1", "*.10.0.0.1", "a b", "*."] {
            assert!(PlainHttp::new(&[refused.to_owned()]).is_err(), "{refused}");
        }
        assert!(allows(&["CORE"], "http://core:3567"));
        assert!(allows(&["[fd00::1]"], "http://[fd00::1]:3567"));
        assert!(allows(&["10.0.0.1"], "http://10.0.0.1"));
    }
}
