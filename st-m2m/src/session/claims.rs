//! Claims that a session must have, beside being good.
//!
//! SuperTokens keeps a claim in the payload as `{"v": value, "t": when it was fetched, in milliseconds}`
//! (`recipe/session/claimBaseClasses/primitiveClaim.ts`).

use std::{borrow::Cow, fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// A demand on a session's payload: an email address that is verified, say.
///
/// A session that fails one is answered 403, `{"message":"invalid claim","claimValidationErrors":[{"id","reason"}]}`,
/// which SuperTokens' frontend SDKs understand.
///
/// The SDK's validators may fetch a claim anew that is missing or old; these look at the payload alone, since what a claim
/// is fetched from is known to the service that hosts SuperTokens' API.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is no claim validator",
    label = "name a `static` or `const` that is one",
    note = "validators implement `st_m2m::ClaimValidator`, as `st_m2m::HasValue` does"
)]
pub trait ClaimValidator: fmt::Debug + Send + Sync + 'static {
    /// What the answer calls the claim.
    fn id(&self) -> &str;

    /// Looks at a session's payload, at the time `unix_millis`, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// The reason that the answer gives.
    fn validate(&self, payload: &Map<String, Value>, unix_millis: u64) -> Result<(), ClaimRefusal>;
}

/// Why a claim is not as it must be: a message, and what explains it. It is sent to the browser.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimRefusal {
    message: Cow<'static, str>,
    members: Vec<(&'static str, Value)>,
}

impl ClaimRefusal {
    /// With this message.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            members: Vec::new(),
        }
    }

    /// And with a member beside it, such as `expectedValue`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// In this order: JSON objects have none, but readers do.
impl Serialize for ClaimRefusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.members.len()))?;
        map.serialize_entry("message", &self.message)?;
        for (name, value) in &self.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A value that [`HasValue`] compares with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A string.
    Text(&'static str),
    /// A number.
    Number(f64),
}

impl ClaimValue {
    fn is(self, value: &Value) -> bool {
        match self {
            Self::Boolean(expected) => value.as_bool() == Some(expected),
            Self::Text(expected) => value.as_str() == Some(expected),
            // As JavaScript compares: 1 and 1.0 are one number.
            Self::Number(expected) => value.as_f64() == Some(expected),
        }
    }
}

impl From<ClaimValue> for Value {
    fn from(value: ClaimValue) -> Self {
        match value {
            ClaimValue::Boolean(value) => value.into(),
            ClaimValue::Text(value) => value.into(),
            ClaimValue::Number(value) => value.into(),
        }
    }
}

/// The SDK's `BooleanClaim` and `PrimitiveClaim`, validator `hasValue`: the claim is there, is the value, and is not too old.
///
/// ```ignore
/// static EMAIL_VERIFIED: HasValue = HasValue::is_true("st-ev");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HasValue {
    key: &'static str,
    id: &'static str,
    expected: ClaimValue,
    max_age: Option<Duration>,
}

impl HasValue {
    /// The claim `key` is `expected`.
    #[must_use]
    pub const fn new(key: &'static str, expected: ClaimValue) -> Self {
        Self {
            key,
            id: key,
            expected,
            max_age: None,
        }
    }

    /// The claim `key` is true.
    #[must_use]
    pub const fn is_true(key: &'static str) -> Self {
        Self::new(key, ClaimValue::Boolean(true))
    }

    /// The claim `key` is false.
    #[must_use]
    pub const fn is_false(key: &'static str) -> Self {
        Self::new(key, ClaimValue::Boolean(false))
    }

    /// It was fetched no longer ago than this.
    #[must_use]
    pub const fn max_age(self, max_age: Duration) -> Self {
        Self {
            max_age: Some(max_age),
            ..self
        }
    }

    /// What the answer calls it. Default: the key.
    #[must_use]
    pub const fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }
}

impl ClaimValidator for HasValue {
    fn id(&self) -> &str {
        self.id
    }

    fn validate(&self, payload: &Map<String, Value>, unix_millis: u64) -> Result<(), ClaimRefusal> {
        let claim = payload.get(self.key);
        let Some(value) = claim.and_then(|it| it.get("v")) else {
            return Err(
                ClaimRefusal::new("value does not exist").with("expectedValue", self.expected)
            );
        };
        if let Some(max_age) = self.max_age {
            self.check_age(claim.and_then(|it| it.get("t")), max_age, unix_millis)?;
        }
        if self.expected.is(value) {
            Ok(())
        } else {
            Err(ClaimRefusal::new("wrong value")
                .with("expectedValue", self.expected)
                .with("actualValue", value.clone()))
        }
    }
}

impl HasValue {
    /// A claim that does not say when it was fetched is too old. To the SDK it is never: it compares with a number that is
    /// not one.
    #[expect(
        clippy::unused_self,
        clippy::cast_precision_loss,
        reason = "milliseconds of this century are exact in an f64"
    )]
    fn check_age(
        &self,
        fetched_at: Option<&Value>,
        max_age: Duration,
        unix_millis: u64,
    ) -> Result<(), ClaimRefusal> {
        let age = fetched_at
            .and_then(Value::as_f64)
            .map(|fetched_at| (unix_millis as f64 - fetched_at) / 1000.0);
        if age.is_some_and(|age| age <= max_age.as_secs_f64()) {
            return Ok(());
        }
        let refusal = ClaimRefusal::new("expired");
        Err(match age {
            Some(age) => refusal.with("ageInSeconds", age),
            None => refusal,
        }
        .with("maxAgeInSeconds", max_age.as_secs_f64()))
    }
}

/// What a session was refused for: the claims that are not as they must be.
#[derive(Debug, Serialize)]
pub(super) struct InvalidClaim<'v> {
    pub(super) id: &'v str,
    reason: ClaimRefusal,
}

/// Asks each validator; the refusals come in their order.
pub(super) fn validate<'v>(
    validators: impl Iterator<Item = &'v dyn ClaimValidator>,
    payload: &Map<String, Value>,
    unix_millis: u64,
) -> Vec<InvalidClaim<'v>> {
    validators
        .filter_map(|validator| {
            let reason = validator.validate(payload, unix_millis).err()?;
            Some(InvalidClaim {
                id: validator.id(),
                reason,
            })
        })
        .collect()
}

/// The refusals where the payload cannot be read: a validator that demands that something is not there must not be shown
/// an empty one instead.
pub(super) fn unreadable<'v>(
    validators: impl Iterator<Item = &'v dyn ClaimValidator>,
) -> Vec<InvalidClaim<'v>> {
    validators
        .map(|validator| InvalidClaim {
            id: validator.id(),
            reason: ClaimRefusal::new("the payload cannot be read"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_441_086_041;

    fn refusal(validator: &HasValue, payload: &str) -> String {
        let payload: Value = serde_json::from_str(payload).expect("JSON");
        let payload = payload.as_object().expect("an object");
        match validator.validate(payload, NOW) {
            Ok(()) => String::new(),
            Err(refusal) => serde_json::to_string(&refusal).expect("JSON"),
        }
    }

    /// The texts are the SDK's: the recordings hold the second.
    #[test]
    fn a_claim_is_its_value_and_not_too_old() {
        let is_true = HasValue::is_true("phone-ok");
        let fresh = is_true.max_age(Duration::from_secs(60));
        let role = HasValue::new("role", ClaimValue::Text("admin"));
        let level = HasValue::new("level", ClaimValue::Number(2.0));
        for (validator, payload, expected) in [
            (is_true, r#"{"phone-ok":{"v":true,"t":1795441086041}}"#, ""),
            (
                is_true,
                r#"{"phone-ok":{"v":false,"t":1795441086041}}"#,
                r#"{"message":"wrong value","expectedValue":true,"actualValue":false}"#,
            ),
            (
                is_true,
                "{}",
                r#"{"message":"value does not exist","expectedValue":true}"#,
            ),
            // The form of other claims, and values that JavaScript would not find equal either.
            (
                is_true,
                r#"{"phone-ok":true}"#,
                r#"{"message":"value does not exist","expectedValue":true}"#,
            ),
            (
                is_true,
                r#"{"phone-ok":{"v":"true"}}"#,
                r#"{"message":"wrong value","expectedValue":true,"actualValue":"true"}"#,
            ),
            (
                is_true,
                r#"{"phone-ok":{"v":null}}"#,
                r#"{"message":"wrong value","expectedValue":true,"actualValue":null}"#,
            ),
            (
                HasValue::is_false("phone-ok"),
                r#"{"phone-ok":{"v":false}}"#,
                "",
            ),
            (fresh, r#"{"phone-ok":{"v":true,"t":1795441026041}}"#, ""),
            (
                fresh,
                r#"{"phone-ok":{"v":true,"t":1795441025541}}"#,
                r#"{"message":"expired","ageInSeconds":60.5,"maxAgeInSeconds":60.0}"#,
            ),
            (
                fresh,
                r#"{"phone-ok":{"v":true}}"#,
                r#"{"message":"expired","maxAgeInSeconds":60.0}"#,
            ),
            // Too old goes before wrong.
            (
                fresh,
                r#"{"phone-ok":{"v":false,"t":0}}"#,
                r#"{"message":"expired","ageInSeconds":1795441086.041,"maxAgeInSeconds":60.0}"#,
            ),
            (role, r#"{"role":{"v":"admin"}}"#, ""),
            (
                role,
                r#"{"role":{"v":"Admin"}}"#,
                r#"{"message":"wrong value","expectedValue":"admin","actualValue":"Admin"}"#,
            ),
            (level, r#"{"level":{"v":2}}"#, ""),
            (
                level,
                r#"{"level":{"v":"2"}}"#,
                r#"{"message":"wrong value","expectedValue":2.0,"actualValue":"2"}"#,
            ),
        ] {
            assert_eq!(refusal(&validator, payload), expected, "{payload}");
        }
    }

    #[test]
    fn every_validator_is_asked_and_named() {
        let payload = Map::new();
        let (first, second) = (
            HasValue::is_true("a"),
            HasValue::is_true("b").id("the second"),
        );
        let validators: [&dyn ClaimValidator; 2] = [&first, &second];
        let refused = validate(validators.into_iter(), &payload, NOW);
        let ids: Vec<_> = refused.iter().map(|it| it.id).collect();
        assert_eq!(ids, ["a", "the second"]);
    }
}
