//! What stands inside an attribute: arguments, keys given once, and names that are nearly right.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Token, token};

use crate::diag::Diagnostics;

/// One `key = value`, `key(...)` or bare `key` of an attribute. What belongs to the key is still
/// unparsed, so that a mistake in it does not hide its neighbours.
pub(crate) struct Argument {
    /// The name in front.
    pub(crate) key: Ident,
    value: Value,
}

/// The part of an argument after its key.
enum Value {
    /// Tokens after `=`.
    Tokens(TokenStream),
    /// `(...)` right after the key.
    List(Group),
    /// Nothing at all.
    Missing,
    /// Something else, and the user has been told.
    Reported,
}

impl Argument {
    /// The arguments of an attribute; what is no argument is reported and left out. A string without
    /// a key probably belongs to the key `usual`.
    pub(crate) fn parse_all(tokens: TokenStream, usual: &str, diag: &mut Diagnostics) -> Vec<Self> {
        let mut arguments = Vec::new();
        for tokens in elements(tokens, diag) {
            match syn::parse2::<KeyAndRest>(tokens.clone()) {
                Ok(KeyAndRest {
                    key,
                    equals: true,
                    rest,
                }) => arguments.push(Self {
                    key,
                    value: Value::Tokens(rest),
                }),
                Ok(KeyAndRest { key, rest, .. }) if rest.is_empty() => arguments.push(Self {
                    key,
                    value: Value::Missing,
                }),
                Ok(KeyAndRest { key, rest, .. }) => {
                    let value = if let Some(list) = parenthesized(rest.clone()) {
                        Value::List(list)
                    } else {
                        diag.on(
                            &rest,
                            format!("expected `=` and a value: write `{key} = ...`"),
                        );
                        Value::Reported
                    };
                    arguments.push(Self { key, value });
                }
                Err(_) => {
                    let help = syn::parse2::<LitStr>(tokens.clone())
                        .map(|literal| format!("; write `{usual} = {:?}`", literal.value()))
                        .unwrap_or_default();
                    diag.on(
                        tokens,
                        format!("expected an argument of the form `key = value`{help}"),
                    );
                }
            }
        }
        arguments
    }

    /// The tokens after `=`; if there are none, says that the key needs a value and what is
    /// `expected`.
    pub(crate) fn tokens(&self, expected: &str, diag: &mut Diagnostics) -> Option<TokenStream> {
        match &self.value {
            Value::Tokens(tokens) if !tokens.is_empty() => return Some(tokens.clone()),
            Value::Tokens(_) | Value::Missing => {
                diag.on(
                    &self.key,
                    format!("`{}` needs a value; expected {expected}", self.key),
                );
            }
            Value::List(list) => {
                diag.on(
                    list,
                    format!("expected `=` and a value: write `{} = ...`", self.key),
                );
            }
            Value::Reported => {}
        }
        None
    }

    /// The parentheses after the key; if there are none or nothing is in them, says what is
    /// `expected`, such as `claims(EMAIL_VERIFIED)`.
    pub(crate) fn list(&self, expected: &str, diag: &mut Diagnostics) -> Option<TokenStream> {
        match &self.value {
            Value::List(list) if !list.stream().is_empty() => return Some(list.stream()),
            Value::List(list) => diag.on(
                list,
                format!(
                    "`{}()` says nothing; write `{expected}` or drop the key",
                    self.key
                ),
            ),
            Value::Tokens(tokens) if !tokens.is_empty() => diag.on(
                tokens,
                format!(
                    "`{}` takes a list in parentheses; write `{expected}`",
                    self.key
                ),
            ),
            Value::Tokens(_) | Value::Missing => diag.on(
                &self.key,
                format!("`{}` needs a list; write `{expected}`", self.key),
            ),
            Value::Reported => {}
        }
        None
    }

    /// `key = on` or `key = off`.
    pub(crate) fn switch(&self, diag: &mut Diagnostics) -> Option<bool> {
        let tokens = self.tokens("`on` or `off`", diag)?;
        let word = syn::parse2::<AnyIdent>(tokens.clone()).map(|AnyIdent(word)| word.to_string());
        match word.as_deref() {
            Ok("on") => return Some(true),
            Ok("off") => return Some(false),
            Ok("true") => diag.on(tokens, "expected `on` or `off`; write `on`"),
            Ok("false") => diag.on(tokens, "expected `on` or `off`; write `off`"),
            _ => diag.on(tokens, "expected `on` or `off`"),
        }
        None
    }

    /// The same, or a bare `key`, which is `on`.
    pub(crate) fn flag(&self, diag: &mut Diagnostics) -> Option<bool> {
        match self.value {
            Value::Missing => Some(true),
            _ => self.switch(diag),
        }
    }

    /// The value as a `T`; if it is none, says what is `expected`.
    pub(crate) fn parse<T: Parse>(&self, expected: &str, diag: &mut Diagnostics) -> Option<T> {
        parse(self.tokens(expected, diag)?, expected, diag)
    }
}

/// `key`, then `=` or not, then anything.
struct KeyAndRest {
    key: Ident,
    equals: bool,
    rest: TokenStream,
}

impl Parse for KeyAndRest {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // `crate` is a key too.
        let key = input.call(Ident::parse_any)?;
        let equals = input.parse::<Option<Token![=]>>()?.is_some();
        Ok(Self {
            key,
            equals,
            rest: input.parse()?,
        })
    }
}

/// The tokens between top-level commas. One comma may trail.
pub(crate) fn elements(tokens: TokenStream, diag: &mut Diagnostics) -> Vec<TokenStream> {
    let mut elements = Vec::new();
    let mut element = TokenStream::new();
    for tree in tokens {
        match tree {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if element.is_empty() {
                    diag.on(
                        comma,
                        "expected an argument before this comma; remove the comma",
                    );
                } else {
                    elements.push(std::mem::take(&mut element));
                }
            }
            tree => element.extend([tree]),
        }
    }
    if !element.is_empty() {
        elements.push(element);
    }
    elements
}

/// `tokens` as a `T`; if they are none, says what is `expected`.
pub(crate) fn parse<T: Parse>(
    tokens: TokenStream,
    expected: &str,
    diag: &mut Diagnostics,
) -> Option<T> {
    let parsed = syn::parse2(tokens.clone());
    if parsed.is_err() {
        diag.on(tokens, format!("expected {expected}"));
    }
    parsed.ok()
}

/// The tokens inside `[...]`, if `tokens` are just that.
pub(crate) fn bracketed(tokens: TokenStream) -> Option<TokenStream> {
    struct Bracketed(TokenStream);
    impl Parse for Bracketed {
        fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
            let content;
            let _: token::Bracket = syn::bracketed!(content in input);
            content.parse().map(Self)
        }
    }
    syn::parse2::<Bracketed>(tokens).ok().map(|list| list.0)
}

/// The only token of `tokens`, if that is `(...)`.
fn parenthesized(tokens: TokenStream) -> Option<Group> {
    let mut trees = tokens.into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None) if list.delimiter() == Delimiter::Parenthesis => {
            Some(list)
        }
        _ => None,
    }
}

/// A word, even if it is one of the language's.
struct AnyIdent(Ident);

impl Parse for AnyIdent {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Ident::parse_any).map(Self)
    }
}

/// A key that may be given once.
pub(crate) struct Slot<T> {
    first: Option<(Ident, Option<T>)>,
}

impl<T> Slot<T> {
    /// Not given yet.
    pub(crate) const fn new() -> Self {
        Self { first: None }
    }

    /// Notes the value of `key`. `None` is a value that has been reported already; it still counts
    /// as given.
    pub(crate) fn set(&mut self, key: Ident, value: Option<T>, diag: &mut Diagnostics) {
        if let Some((first, _)) = &self.first {
            diag.on(&key, format!("duplicate `{key}`; keep one"));
            diag.on(first, "first given here");
        } else {
            self.first = Some((key, value));
        }
    }

    /// Whether the key was there, with a good value or a bad one.
    pub(crate) fn is_given(&self) -> bool {
        self.first.is_some()
    }

    /// The value, unless it is absent or bad.
    pub(crate) fn into_value(self) -> Option<T> {
        self.first?.1
    }
}

/// Reports a name that is not among `known`, and says which was probably meant.
pub(crate) fn unknown<'a>(
    what: &str,
    name: &Ident,
    known: &[&'a str],
    diag: &mut Diagnostics,
) -> Option<&'a str> {
    let near = nearest(&name.to_string(), known.iter().copied());
    let help = near.map(|near| format!("; did you mean `{near}`?"));
    let message = format!(
        "unknown {what} `{name}`; expected {}{}",
        alternatives(known),
        help.unwrap_or_default()
    );
    diag.on(name, message);
    near
}

/// "`a`", "`a` or `b`", "one of `a`, `b`, `c`".
fn alternatives(names: &[&str]) -> String {
    match names {
        [only] => format!("`{only}`"),
        [one, other] => format!("`{one}` or `{other}`"),
        many => format!("one of `{}`", many.join("`, `")),
    }
}

/// The candidate that `name` is most likely a misspelling of, if there is one.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal
/// string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The name of an attribute that is one plain word.
pub(crate) fn name(attr: &Attribute) -> Option<&Ident> {
    attr.path().get_ident()
}

/// Whether the name of an attribute is among `names`.
pub(crate) fn is_one_of(attr: &Attribute, names: &[&str]) -> bool {
    name(attr).is_some_and(|name| names.iter().any(|known| name == known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::tests::messages;
    use quote::quote;

    fn list(tokens: TokenStream) -> (Vec<String>, Vec<String>) {
        let mut diag = Diagnostics::new();
        let arguments = Argument::parse_all(tokens, "a", &mut diag);
        let keys = arguments
            .iter()
            .map(|argument| argument.key.to_string())
            .collect();
        (keys, messages(diag.into_tokens()))
    }

    #[test]
    fn a_bad_argument_does_not_hide_its_neighbours() {
        let (keys, errors) = list(quote!(a = 1, 5, "x", b, c 2, crate = ::d, e(f)));
        assert_eq!(keys, ["a", "b", "c", "crate", "e"]);
        assert_eq!(
            errors,
            [
                "expected an argument of the form `key = value`",
                "expected an argument of the form `key = value`; write `a = \"x\"`",
                "expected `=` and a value: write `c = ...`"
            ]
        );
    }

    /// What `read` makes of the one argument in `tokens`.
    fn read<T>(
        tokens: TokenStream,
        read: impl FnOnce(&Argument, &mut Diagnostics) -> Option<T>,
    ) -> Result<T, Vec<String>> {
        let mut diag = Diagnostics::new();
        let arguments = Argument::parse_all(tokens, "a", &mut diag);
        let value = read(&arguments[0], &mut diag);
        value.ok_or(messages(diag.into_tokens()))
    }

    #[test]
    fn lists() {
        let list = |tokens| {
            read(tokens, |argument, diag| argument.list("a(B)", diag)).map(|it| it.to_string())
        };
        assert_eq!(list(quote!(a(b, c))).as_deref(), Ok("b , c"));
        for (tokens, message) in [
            (
                quote!(a()),
                "`a()` says nothing; write `a(B)` or drop the key",
            ),
            (quote!(a), "`a` needs a list; write `a(B)`"),
            (quote!(a =), "`a` needs a list; write `a(B)`"),
            (
                quote!(a = 5),
                "`a` takes a list in parentheses; write `a(B)`",
            ),
            (quote!(a[b]), "expected `=` and a value: write `a = ...`"),
            (quote!(a(b)(c)), "expected `=` and a value: write `a = ...`"),
        ] {
            assert_eq!(list(tokens), Err(vec![message.to_owned()]));
        }
    }

    #[test]
    fn switches() {
        let switch = |tokens| read(tokens, Argument::switch);
        let flag = |tokens| read(tokens, Argument::flag);
        for read in [&switch as &dyn Fn(TokenStream) -> _, &flag] {
            assert_eq!(read(quote!(a = on)), Ok(true));
            assert_eq!(read(quote!(a = off)), Ok(false));
            for (tokens, message) in [
                (quote!(a = true), "expected `on` or `off`; write `on`"),
                (quote!(a = false), "expected `on` or `off`; write `off`"),
                (quote!(a = "on"), "expected `on` or `off`"),
                (quote!(a = on off), "expected `on` or `off`"),
                (quote!(a =), "`a` needs a value; expected `on` or `off`"),
                (quote!(a(on)), "expected `=` and a value: write `a = ...`"),
            ] {
                assert_eq!(read(tokens), Err(vec![message.to_owned()]));
            }
        }
        assert_eq!(flag(quote!(a)), Ok(true));
        let expected = "`a` needs a value; expected `on` or `off`".to_owned();
        assert_eq!(switch(quote!(a)), Err(vec![expected]));
    }

    #[test]
    fn commas_separate() {
        assert_eq!(
            list(quote!(a = 1,, b = 2)).1,
            ["expected an argument before this comma; remove the comma"]
        );
        assert_eq!(
            list(quote!(,)).1,
            ["expected an argument before this comma; remove the comma"]
        );
        assert_eq!(list(quote!()), (vec![], vec![]));
    }

    #[test]
    fn a_slot_takes_one_value() {
        let mut diag = Diagnostics::new();
        let mut slot = Slot::new();
        let key = |name: &str| Ident::new(name, proc_macro2::Span::call_site());
        slot.set(key("from"), Some(1), &mut diag);
        slot.set(key("from"), Some(2), &mut diag);
        assert_eq!(slot.into_value(), Some(1));
        assert_eq!(
            messages(diag.into_tokens()),
            ["duplicate `from`; keep one", "first given here"]
        );
    }

    #[test]
    fn a_bad_value_counts_as_given() {
        let mut diag = Diagnostics::new();
        let mut slot = Slot::<u8>::new();
        assert!(!slot.is_given());
        slot.set(
            Ident::new("a", proc_macro2::Span::call_site()),
            None,
            &mut diag,
        );
        assert!(slot.is_given());
        assert_eq!(slot.into_value(), None);
    }

    #[test]
    fn near_names() {
        let known = ["service", "base_url", "crate"];
        assert_eq!(nearest("base_ulr", known), Some("base_url"));
        assert_eq!(nearest("servcie", known), Some("service"));
        assert_eq!(nearest("baseurl", known), Some("base_url"));
        assert_eq!(nearest("timeout", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("form", ["from"]), Some("from"));
        assert_eq!(nearest("größe", ["groesse", "größen"]), Some("größen"));
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
