//! What a handler demands of users: `user(...)`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{ExprPath, LitStr};

use crate::attr::{self, Argument, Slot};
use crate::diag::Diagnostics;

/// Every key there is.
pub(super) const KEYS: &[&str] = &["anti_csrf", "check_database", "tenant", "claims"];

/// The demands of one handler on users. What is absent is as the configuration has it.
#[derive(Default)]
pub(super) struct UserPolicy {
    pub(super) anti_csrf: Option<bool>,
    pub(super) check_database: Option<bool>,
    pub(super) tenant: Option<LitStr>,
    /// Paths of validators.
    pub(super) claims: Vec<ExprPath>,
}

/// Reads what is in the parentheses of `user(...)`. What is wrong is reported and counts as absent.
pub(super) fn read(tokens: TokenStream, diag: &mut Diagnostics) -> UserPolicy {
    let (mut anti_csrf, mut check_database) = (Slot::new(), Slot::new());
    let (mut tenant, mut claims) = (Slot::new(), Slot::new());
    for argument in Argument::parse_all(tokens, "tenant", diag) {
        if argument.key == "anti_csrf" {
            let check = argument.switch(diag);
            anti_csrf.set(argument.key, check, diag);
        } else if argument.key == "check_database" {
            let check = argument.flag(diag);
            check_database.set(argument.key, check, diag);
        } else if argument.key == "tenant" {
            let name = argument.parse::<LitStr>(r#"a tenant such as `"public"`"#, diag);
            let name = name.filter(|name| check_tenant(name, diag));
            tenant.set(argument.key, name, diag);
        } else if argument.key == "claims" {
            let paths = argument.list("claims(EMAIL_VERIFIED)", diag);
            let paths = paths.map(|tokens| validators(tokens, diag));
            claims.set(argument.key, paths, diag);
        } else if argument.key == "from" || argument.key == "crate" {
            diag.on(
                &argument.key,
                format!(
                    "`{}` is not about users; write it outside `user(...)`",
                    argument.key
                ),
            );
        } else {
            attr::unknown("argument", &argument.key, KEYS, diag);
        }
    }
    UserPolicy {
        anti_csrf: anti_csrf.into_value(),
        check_database: check_database.into_value(),
        tenant: tenant.into_value(),
        claims: claims.into_value().unwrap_or_default(),
    }
}

/// No session has an empty tenant, or one with such characters.
fn check_tenant(literal: &LitStr, diag: &mut Diagnostics) -> bool {
    let name = literal.value();
    if name.is_empty() {
        diag.on(
            literal,
            r#"a tenant cannot be empty; write one such as `"public"`"#,
        );
        return false;
    }
    let odd = name.chars().find(|c| c.is_whitespace() || c.is_control());
    if let Some(odd) = odd {
        diag.on(
            literal,
            format!("a tenant has no whitespace or control characters, found {odd:?}; remove it"),
        );
    }
    odd.is_none()
}

/// `EMAIL_VERIFIED, claims::ADMIN`
fn validators(tokens: TokenStream, diag: &mut Diagnostics) -> Vec<ExprPath> {
    let mut paths: Vec<ExprPath> = Vec::new();
    for element in attr::elements(tokens, diag) {
        let expected = "the path of a claim validator such as `EMAIL_VERIFIED`";
        let Some(path) = attr::parse::<ExprPath>(element, expected, diag) else {
            continue;
        };
        let written = |path: &ExprPath| path.to_token_stream().to_string();
        if paths.iter().any(|known| written(known) == written(&path)) {
            let name = written(&path).replace(' ', "");
            diag.on(
                &path,
                format!("duplicate claim validator `{name}`; keep one"),
            );
        }
        paths.push(path);
    }
    paths
}
