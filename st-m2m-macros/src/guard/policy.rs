//! What a handler demands of a request.

use syn::LitStr;

use crate::diag::Diagnostics;

/// The demands of one handler. The default lets any service in.
#[derive(Default)]
pub(super) struct Policy {
    from: Vec<LitStr>,
}

impl Policy {
    /// Lets in only the services of these names; reports every name that no token can carry or that
    /// is given twice.
    pub(super) fn from_services(names: Vec<LitStr>, diag: &mut Diagnostics) -> Option<Self> {
        let before = diag.count();
        let mut seen: Vec<String> = Vec::new();
        for literal in &names {
            let name = literal.value();
            if name.is_empty() {
                diag.on(
                    literal,
                    r#"a service name cannot be empty; write one such as `"orders"`"#,
                );
            } else if let Some(odd) = name.chars().find(|c| c.is_whitespace() || c.is_control()) {
                diag.on(
                    literal,
                    format!(
                        "a service name has no whitespace or control characters, found {odd:?}; remove it"
                    ),
                );
            } else if seen.contains(&name) {
                diag.on(literal, format!("duplicate service `{name}`; keep one"));
            }
            seen.push(name);
        }
        (diag.count() == before && !names.is_empty()).then_some(Self { from: names })
    }

    /// The names of the services that may call, or none if any may.
    pub(super) fn services(&self) -> &[LitStr] {
        &self.from
    }
}
