//! Path templates such as `/orders/{id}`.

use std::fmt;

/// A path whose placeholders are known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    placeholders: Vec<String>,
}

/// Something wrong with a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is empty or begins with something else.
    NoLeadingSlash(String),
    /// It names a host.
    Absolute(String),
    /// `{` without `}`, at this byte, and the name after it.
    Unclosed(usize, Option<String>),
    /// `}` without `{`, at this byte, and the name before it.
    Unopened(usize, Option<String>),
    /// `{}`
    EmptyPlaceholder,
    /// `{*rest}`
    CatchAll(String),
    /// `{id:regex}`
    Pattern(String),
    /// The name in the braces is none.
    BadName(String),
    /// A placeholder as other routers write it.
    Colon(String),
    /// `/a-{name}`
    PartOfSegment(String),
    /// The same placeholder again.
    Twice(String),
    /// `//`
    EmptySegment,
    /// `/./`, `/../`, also percent-encoded: clients resolve both.
    DotSegment(String),
    /// `?`
    Query,
    /// `#`
    Fragment,
    /// A character that has to be percent-encoded.
    Unencoded(char),
    /// `%` without two hexadecimal digits.
    BadEncoding,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeadingSlash(path) => write!(f, "paths start with `/`; write `\"/{path}\"`"),
            Self::Absolute(url) => {
                // scheme:, nothing, host, path
                let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                write!(
                    f,
                    "paths are relative to `base_url`, an absolute URL would send the service token elsewhere; write `\"/{path}\"`"
                )
            }
            Self::Unclosed(at, Some(name)) => {
                write!(f, "unclosed `{{` at byte {at}; write `{{{name}}}`")
            }
            Self::Unclosed(at, None) => {
                write!(
                    f,
                    "unclosed `{{` at byte {at}; write a name and `}}` after it"
                )
            }
            Self::Unopened(at, Some(name)) => {
                write!(
                    f,
                    "`}}` without `{{` at byte {at}; write `{{{name}}}` or remove `}}`"
                )
            }
            Self::Unopened(at, None) => {
                write!(f, "`}}` without `{{` at byte {at}; remove `}}`")
            }
            Self::EmptyPlaceholder => write!(
                f,
                "empty placeholder `{{}}`; name a parameter in it, as in `{{id}}`"
            ),
            Self::CatchAll(name) => write!(
                f,
                "catch-all placeholders are not supported, found `{{{name}}}`; write one placeholder for each segment, as in `{{a}}/{{b}}`"
            ),
            Self::Pattern(found) => {
                let name = found.split(':').next().and_then(good_name);
                write!(
                    f,
                    "placeholders have no patterns, found `{{{found}}}`; write `{{{}}}`",
                    name.as_deref().unwrap_or("id")
                )
            }
            Self::BadName(found) => {
                let words = found.split(|c| !is_name_character(c));
                let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
                write!(
                    f,
                    "`{{{found}}}` is not a placeholder, a name has only letters, digits, `_` and `-`; write `{{{}}}`",
                    good_name(&words.join("_")).as_deref().unwrap_or("id")
                )
            }
            Self::Colon(name) => write!(
                f,
                "placeholders are written `{{{name}}}`, not `:{name}`; a segment that begins with a colon is `%3A{name}`"
            ),
            Self::PartOfSegment(name) => write!(
                f,
                "`{{{name}}}` must be a whole path segment; write `{{{name}}}` alone and let the parameter hold all of it"
            ),
            Self::Twice(name) => write!(f, "`{{{name}}}` appears twice; rename one"),
            Self::EmptySegment => write!(f, "path contains an empty segment `//`; write `/`"),
            Self::DotSegment(segment) => write!(
                f,
                "path contains a dot segment `{segment}`, which would leave the path; write the path without it"
            ),
            Self::Query => write!(
                f,
                "query parameters belong in the signature: remove what follows `?` and add a `#[query]` parameter"
            ),
            Self::Fragment => write!(f, "paths have no fragment; remove `#` and what follows"),
            Self::Unencoded(c) => {
                write!(f, "{c:?} must be percent-encoded in a path; write `")?;
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "%{byte:02X}")?;
                }
                write!(f, "`")
            }
            Self::BadEncoding => write!(
                f,
                "`%` must be followed by two hexadecimal digits; a percent sign itself is `%25`"
            ),
        }
    }
}

impl Template {
    /// Reads a path and finds everything that is wrong with it.
    pub(super) fn parse(path: &str) -> Result<Self, Vec<Problem>> {
        let Some(rest) = path.strip_prefix('/') else {
            let absolute = path
                .split('/')
                .next()
                .is_some_and(|scheme| scheme.ends_with(':'));
            return Err(vec![if absolute {
                Problem::Absolute(path.to_owned())
            } else {
                Problem::NoLeadingSlash(path.to_owned())
            }]);
        };
        let mut problems = Vec::new();
        let rest = until(rest, '#', Problem::Fragment, &mut problems);
        let rest = until(rest, '?', Problem::Query, &mut problems);
        let mut template = Self {
            placeholders: Vec::new(),
        };
        let mut at = 1;
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            // `/` alone and a trailing slash are fine.
            if segment.is_empty() && segments.peek().is_some() {
                problems.push(Problem::EmptySegment);
            }
            template.segment(segment, at, &mut problems);
            at += segment.len() + 1;
        }
        if problems.is_empty() {
            Ok(template)
        } else {
            Err(problems)
        }
    }

    /// The names in braces, in order.
    pub(super) fn placeholders(&self) -> &[String] {
        &self.placeholders
    }

    /// Reads one segment, which begins `at` this byte of the path.
    fn segment(&mut self, segment: &str, at: usize, problems: &mut Vec<Problem>) {
        if let Some(open) = segment.find('{') {
            let Some(length) = segment[open..].find('}') else {
                let name = good_name(&segment[open + 1..]);
                return problems.push(Problem::Unclosed(at + open, name));
            };
            let name = &segment[open + 1..open + length];
            match placeholder(name) {
                Err(problem) => problems.push(problem),
                Ok(()) if name.len() + 2 < segment.len() => {
                    problems.push(Problem::PartOfSegment(name.to_owned()));
                }
                Ok(()) if self.placeholders.iter().any(|known| known == name) => {
                    problems.push(Problem::Twice(name.to_owned()));
                }
                Ok(()) => self.placeholders.push(name.to_owned()),
            }
        } else if let Some(close) = segment.find('}') {
            let name = good_name(&segment[..close]);
            problems.push(Problem::Unopened(at + close, name));
        } else {
            literal(segment, problems);
        }
    }
}

/// The part before `mark`; a `mark` is a problem.
fn until<'a>(path: &'a str, mark: char, problem: Problem, problems: &mut Vec<Problem>) -> &'a str {
    match path.split_once(mark) {
        Some((before, _)) => {
            problems.push(problem);
            before
        }
        None => path,
    }
}

/// Checks the name of a placeholder.
fn placeholder(name: &str) -> Result<(), Problem> {
    if name.is_empty() {
        Err(Problem::EmptyPlaceholder)
    } else if name.starts_with('*') {
        Err(Problem::CatchAll(name.to_owned()))
    } else if name.contains(':') {
        Err(Problem::Pattern(name.to_owned()))
    } else if name.chars().all(is_name_character) {
        Ok(())
    } else {
        Err(Problem::BadName(name.to_owned()))
    }
}

/// What the name of a placeholder consists of.
fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// The name, if it is a good one for a placeholder.
fn good_name(name: &str) -> Option<String> {
    placeholder(name).is_ok().then(|| name.to_owned())
}

/// Checks a segment without placeholders: it is sent as it is written.
fn literal(segment: &str, problems: &mut Vec<Problem>) {
    if let Some(name) = segment.strip_prefix(':')
        && placeholder(name).is_ok()
    {
        return problems.push(Problem::Colon(name.to_owned()));
    }
    for (at, c) in segment.char_indices() {
        let problem = if c == '%' {
            let digits = segment.as_bytes().get(at + 1..at + 3);
            let encoded = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            (!encoded).then_some(Problem::BadEncoding)
        } else {
            // The characters of a segment, RFC 3986 section 3.3.
            let plain = c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c);
            (!plain).then_some(Problem::Unencoded(c))
        };
        if let Some(problem) = problem {
            problems.push(problem);
            break;
        }
    }
    if matches!(
        segment.replace("%2e", ".").replace("%2E", ".").as_str(),
        "." | ".."
    ) {
        problems.push(Problem::DotSegment(segment.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Vec<String> {
        Template::parse(path).expect(path).placeholders
    }

    fn problem(path: &str) -> String {
        match Template::parse(path) {
            Ok(template) => panic!("{path} is fine: {template:?}"),
            Err(problems) => problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" + "),
        }
    }

    #[test]
    fn good_paths() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b",
            "/a%20b",
            "/a.b",
            "/...",
            "/v1:run",
            "/.well-known/x",
            "/~a!$&'()*+,;=@",
            "/%41",
        ] {
            assert_eq!(names(path), Vec::<String>::new());
        }
        assert_eq!(names("/{id}"), ["id"]);
        assert_eq!(
            names("/orders/{order-id}/items/{größe}/"),
            ["order-id", "größe"]
        );
    }

    #[test]
    fn beginnings() {
        assert_eq!(
            problem("orders"),
            "paths start with `/`; write `\"/orders\"`"
        );
        assert_eq!(problem(""), "paths start with `/`; write `\"/\"`");
        let absolute = |path| {
            format!(
                "paths are relative to `base_url`, an absolute URL would send the service token elsewhere; write `\"{path}\"`"
            )
        };
        assert_eq!(problem("https://evil.example/a/{b}"), absolute("/a/{b}"));
        assert_eq!(problem("https://evil.example"), absolute("/"));
        assert_eq!(
            problem("//evil.example/a"),
            "path contains an empty segment `//`; write `/`"
        );
    }

    #[test]
    fn braces() {
        assert_eq!(
            problem("/orders/{id"),
            "unclosed `{` at byte 8; write `{id}`"
        );
        assert_eq!(
            problem("/orders/{"),
            "unclosed `{` at byte 8; write a name and `}` after it"
        );
        assert_eq!(
            problem("/orders/{id/x}"),
            "unclosed `{` at byte 8; write `{id}` + `}` without `{` at byte 13; write `{x}` or remove `}`"
        );
        assert_eq!(
            problem("/orders/id}"),
            "`}` without `{` at byte 10; write `{id}` or remove `}`"
        );
        assert_eq!(problem("/a/}"), "`}` without `{` at byte 3; remove `}`");
        assert_eq!(
            problem("/{}"),
            "empty placeholder `{}`; name a parameter in it, as in `{id}`"
        );
        assert_eq!(
            problem("/a/:id"),
            "placeholders are written `{id}`, not `:id`; a segment that begins with a colon is `%3Aid`"
        );
        let part = |name| {
            format!(
                "`{{{name}}}` must be a whole path segment; write `{{{name}}}` alone and let the parameter hold all of it"
            )
        };
        assert_eq!(problem("/a-{id}"), part("id"));
        assert_eq!(problem("/{a}{b}"), part("a"));
        assert_eq!(problem("/{id}/{id}"), "`{id}` appears twice; rename one");
        assert_eq!(
            problem("/{*rest}"),
            "catch-all placeholders are not supported, found `{*rest}`; write one placeholder for each segment, as in `{a}/{b}`"
        );
        assert_eq!(
            problem("/{id:[0-9]+}"),
            "placeholders have no patterns, found `{id:[0-9]+}`; write `{id}`"
        );
        assert_eq!(
            problem("/{:a}"),
            "placeholders have no patterns, found `{:a}`; write `{id}`"
        );
        assert_eq!(
            problem("/{a b}"),
            "`{a b}` is not a placeholder, a name has only letters, digits, `_` and `-`; write `{a_b}`"
        );
        assert_eq!(
            problem("/{{id}}"),
            "`{{id}` is not a placeholder, a name has only letters, digits, `_` and `-`; write `{id}`"
        );
        assert_eq!(
            problem("/{!}"),
            "`{!}` is not a placeholder, a name has only letters, digits, `_` and `-`; write `{id}`"
        );
    }

    #[test]
    fn segments() {
        assert_eq!(
            problem("/a//b"),
            "path contains an empty segment `//`; write `/`"
        );
        for dots in [".", "..", "%2e", "%2E%2e", ".%2e"] {
            let message = format!(
                "path contains a dot segment `{dots}`, which would leave the path; write the path without it"
            );
            assert_eq!(problem(&format!("/a/{dots}/b")), message);
            assert_eq!(problem(&format!("/a/{dots}")), message);
        }
    }

    #[test]
    fn what_is_no_path() {
        let query = "query parameters belong in the signature: remove what follows `?` and add a `#[query]` parameter";
        assert_eq!(problem("/a?b=1"), query);
        assert_eq!(problem("/a?b={c}"), query);
        assert_eq!(
            problem("/a#b"),
            "paths have no fragment; remove `#` and what follows"
        );
    }

    #[test]
    fn encoding() {
        assert_eq!(
            problem("/a b"),
            "' ' must be percent-encoded in a path; write `%20`"
        );
        assert_eq!(
            problem("/größe"),
            "'ö' must be percent-encoded in a path; write `%C3%B6`"
        );
        assert_eq!(
            problem("/a\\..\\b"),
            "'\\\\' must be percent-encoded in a path; write `%5C`"
        );
        let percent =
            "`%` must be followed by two hexadecimal digits; a percent sign itself is `%25`";
        for path in ["/%", "/%4", "/%zz", "/100%", "/%é"] {
            assert_eq!(problem(path), percent);
        }
    }

    #[test]
    fn all_problems_at_once() {
        assert_eq!(
            Template::parse("/../{}/{a}/{a}?").expect_err("wrong").len(),
            4
        );
    }
}
