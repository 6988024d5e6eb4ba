//! What is changed in a good token, one thing at a time.

mod claims;
mod good;
mod header;
mod segments;
mod shape;
mod signature;
mod texts;

use crate::draft::{Draft, Members, remove, set};

/// A change that leaves the token good.
pub(crate) const GOOD: &str = "good";

/// One change of a token.
pub(crate) struct Change {
    /// Which rule it is about; [`GOOD`] for none.
    pub(crate) about: &'static str,
    pub(crate) what: String,
    /// Two changes that touch the same are not combined.
    touches: &'static [&'static str],
    apply: Box<dyn Fn(&mut Draft)>,
}

impl Change {
    pub(crate) fn new(
        about: &'static str,
        touches: &'static [&'static str],
        what: impl Into<String>,
        apply: impl Fn(&mut Draft) + 'static,
    ) -> Self {
        let (what, apply) = (what.into(), Box::new(apply));
        Self {
            about,
            what,
            touches,
            apply,
        }
    }

    pub(crate) fn apply(&self, draft: &mut Draft) {
        (self.apply)(draft);
    }

    /// Whether the two change different things, so that neither undoes what the other did.
    pub(crate) fn combines_with(&self, other: &Self) -> bool {
        !self.is_alone()
            && !other.is_alone()
            && !self.touches.iter().any(|one| other.touches.contains(one))
    }

    fn is_alone(&self) -> bool {
        self.touches.contains(&ALONE)
    }
}

/// What a change touches that is not to be combined with any other.
const ALONE: &str = "everything";

/// Which JSON object of the token a change is in.
#[derive(Clone, Copy)]
enum Part {
    Header,
    Claims,
}

impl Part {
    fn of(self, draft: &mut Draft) -> &mut Members {
        match self {
            Self::Header => &mut draft.header,
            Self::Claims => &mut draft.claims,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Claims => "claim",
        }
    }
}

/// The member has this value, as JSON text.
fn with(
    about: &'static str,
    touches: &'static [&'static str],
    part: Part,
    name: &'static str,
    value: impl Into<String>,
) -> Change {
    let value = value.into();
    let what = format!("{} {name}: {}", part.name(), excerpt(&value));
    Change::new(about, touches, what, move |draft| {
        set(part.of(draft), name, &value);
    })
}

fn without(
    about: &'static str,
    touches: &'static [&'static str],
    part: Part,
    name: &'static str,
) -> Change {
    let what = format!("no {} {name}", part.name());
    Change::new(about, touches, what, move |draft| {
        remove(part.of(draft), name);
    })
}

/// So much of a text as a report needs.
fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(48).flat_map(char::escape_debug).collect();
    match text.chars().count() {
        0..=48 => start,
        more => format!("{start}… ({more} characters)"),
    }
}

/// Every change there is.
pub(crate) fn all() -> Vec<Change> {
    [
        good::changes(),
        header::changes(),
        claims::changes(),
        texts::changes(),
        segments::changes(),
        signature::changes(),
        shape::changes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
