//! Users who sign up with an email and a password, in memory.

mod email_password;
mod find;
mod password;

use std::sync::Arc;

use super::{
    cdi::CdiVersion,
    json::{Json, Object},
    mutex::Mutex,
    recent::{Recent, Weight},
};

pub(super) use self::{
    email_password::{sign_in, sign_up},
    find::{by_account_info, by_id},
};

use self::password::PasswordHash;

/// Users that one app remembers. Beyond this the oldest is forgotten.
const MAX_USERS: usize = 10_000;
/// Bytes that these may take.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// What a user takes besides texts.
const OVERHEAD: usize = 512;

/// The users of one app.
#[derive(Debug)]
pub(super) struct Users(Mutex<Recent<Arc<User>>>);

/// A user, with the one way to sign in that there is.
#[derive(Debug)]
struct User {
    id: String,
    /// Trimmed and in lower case.
    email: String,
    /// Where the user signed up, and may sign in.
    tenant: String,
    password: PasswordHash,
    /// Milliseconds since the Unix epoch.
    joined_at: u64,
}

impl Weight for Arc<User> {
    fn bytes(&self) -> usize {
        OVERHEAD + 2 * self.id.len() + self.email.len() + self.tenant.len()
    }
}

impl Default for Users {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(MAX_USERS, MAX_BYTES)))
    }
}

impl Users {
    /// Adds a user, unless the tenant has one with this email; whether it did.
    fn insert(&self, user: &Arc<User>) -> bool {
        let mut users = self.0.lock();
        let is_free = users
            .iter()
            .all(|other| other.email != user.email || other.tenant != user.tenant);
        if is_free {
            users.insert(&user.id, Arc::clone(user));
        }
        is_free
    }

    fn get(&self, id: &str) -> Option<Arc<User>> {
        self.0.lock().get(id).cloned()
    }

    /// The user of a tenant with this email.
    fn by_email(&self, tenant: &str, email: &str) -> Option<Arc<User>> {
        let users = self.0.lock();
        users
            .iter()
            .find(|user| user.email == email && user.tenant == tenant)
            .cloned()
    }
}

impl User {
    /// The user as answers show it since accounts can be linked, CDI 4.0 (recorded: `emailpassword_signup_ok`).
    fn shown(&self, version: &CdiVersion) -> Object {
        let tenants = vec![Json::from(self.tenant.as_str())];
        let method = Object::new()
            .with("tenantIds", tenants.clone())
            .with("recipeUserId", self.id.as_str())
            .with("verified", self.is_verified())
            .with("timeJoined", self.joined_at)
            .with("recipeId", "emailpassword")
            .with("email", self.email.as_str());
        let mut shown = Object::new()
            .with("id", self.id.as_str())
            .with("isPrimaryUser", false)
            .with("tenantIds", tenants)
            .with("timeJoined", self.joined_at)
            .with("emails", vec![Json::from(self.email.as_str())])
            .with("phoneNumbers", Vec::new())
            .with("thirdParty", Vec::new());
        if version.is_at_least(5, 3) {
            shown.set("webauthn", Object::new().with("credentialIds", Vec::new()));
        }
        shown.with("loginMethods", vec![Json::from(method)])
    }

    /// The user as answers showed it before that (`AuthRecipeUserInfo.java` of the core's plugin interface).
    fn shown_alone(&self, version: &CdiVersion) -> Object {
        let mut shown = Object::new()
            .with("id", self.id.as_str())
            .with("timeJoined", self.joined_at);
        if version.is_at_least(3, 0) {
            shown.set("tenantIds", vec![Json::from(self.tenant.as_str())]);
        }
        shown.with("email", self.email.as_str())
    }

    /// Addresses that SDKs make up need no verification (`utils/Utils.java`, `isFakeEmail`).
    fn is_verified(&self) -> bool {
        self.email.ends_with("@stfakeemail.supertokens.com")
            || self.email.ends_with(".fakeemail.com")
    }
}

/// An email as the core keeps and compares it (`utils/Utils.java`, `normaliseEmail`).
fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}
