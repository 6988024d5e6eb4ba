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
    Absolute,
    /// `{` without `}`, at this byte.
    Unclosed(usize),
    /// `}` without `{`, at this byte.
    Unopened(usize),
    /// `{}`
    EmptyPlaceholder,
    /// `{*rest}`, `{id:regex}`
    CatchAll(String),
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
            Self::Absolute => {
                write!(
                    f,
                    "paths are relative to `base_url`; an absolute URL would send the service token elsewhere"
                )
            }
            Self::Unclosed(at) => write!(f, "unclosed `{{` at byte {at}"),
            Self::Unopened(at) => write!(f, "`}}` without `{{` at byte {at}"),
            Self::EmptyPlaceholder => write!(f, "empty placeholder `{{}}`; name a parameter in it"),
            Self::CatchAll(name) => write!(
                f,
                "catch-all placeholders are not supported, found `{{{name}}}`"
            ),
            Self::BadName(name) => {
                write!(
                    f,
                    "`{{{name}}}` is not a placeholder; its name has only letters, digits, `_` and `-`"
                )
            }
            Self::Colon(name) => write!(
                f,
                "placeholders are written `{{{name}}}`, not `:{name}`; a segment that begins with a colon is `%3A{name}`"
            ),
            Self::PartOfSegment(name) => write!(f, "`{{{name}}}` must be a whole path segment"),
            Self::Twice(name) => write!(f, "`{{{name}}}` appears twice"),
            Self::EmptySegment => write!(f, "path contains an empty segment `//`"),
            Self::DotSegment(segment) => write!(
                f,
                "path contains a dot segment `{segment}`, which would leave the path"
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
                Problem::Absolute
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
                return problems.push(Problem::Unclosed(at + open));
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
            problems.push(Problem::Unopened(at + close));
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
    } else if name.starts_with('*') || name.contains(':') {
        Err(Problem::CatchAll(name.to_owned()))
    } else if name
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    {
        Ok(())
    } else {
        Err(Problem::BadName(name.to_owned()))
    }
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
        let absolute = "paths are relative to `base_url`; an absolute URL would send the service token elsewhere";
        assert_eq!(problem("https://evil.example/a"), absolute);
        assert_eq!(
            problem("//evil.example/a"),
            "path contains an empty segment `//`"
        );
    }

    #[test]
    fn braces() {
        assert_eq!(problem("/orders/{id"), "unclosed `{` at byte 8");
        assert_eq!(
            problem("/orders/{id/x}"),
            "unclosed `{` at byte 8 + `}` without `{` at byte 13"
        );
        assert_eq!(problem("/orders/id}"), "`}` without `{` at byte 10");
        assert_eq!(
            problem("/{}"),
            "empty placeholder `{}`; name a parameter in it"
        );
        assert_eq!(
            problem("/a/:id"),
            "placeholders are written `{id}`, not `:id`; a segment that begins with a colon is `%3Aid`"
        );
        assert_eq!(problem("/a-{id}"), "`{id}` must be a whole path segment");
        assert_eq!(problem("/{a}{b}"), "`{a}` must be a whole path segment");
        assert_eq!(problem("/{id}/{id}"), "`{id}` appears twice");
        assert_eq!(
            problem("/{*rest}"),
            "catch-all placeholders are not supported, found `{*rest}`"
        );
        assert_eq!(
            problem("/{id:[0-9]+}"),
            "catch-all placeholders are not supported, found `{id:[0-9]+}`"
        );
        assert_eq!(
            problem("/{a b}"),
            "`{a b}` is not a placeholder; its name has only letters, digits, `_` and `-`"
        );
        assert_eq!(
            problem("/{{id}}"),
            "`{{id}` is not a placeholder; its name has only letters, digits, `_` and `-`"
        );
    }

    #[test]
    fn segments() {
        assert_eq!(problem("/a//b"), "path contains an empty segment `//`");
        for dots in [".", "..", "%2e", "%2E%2e", ".%2e"] {
            let message =
                format!("path contains a dot segment `{dots}`, which would leave the path");
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
