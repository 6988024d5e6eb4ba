//! The sessions of one app, in memory.

use crate::dev::{
    identifier::hash,
    json::{Json, Object},
    mutex::Mutex,
    recent::{Recent, Weight},
};

use super::REFRESH_TOKEN_VALIDITY;

/// Sessions that one app remembers. Beyond this the oldest is forgotten, as if it had been revoked.
pub(super) const MAX_SESSIONS: usize = 10_000;
/// Bytes that these may take.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// What a session takes besides its texts.
const OVERHEAD: usize = 512;

#[derive(Debug)]
pub(in crate::dev) struct Sessions(Mutex<Recent<Session>>);

/// A session as the core's database has it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) handle: String,
    pub(super) tenant: String,
    pub(super) user_id: String,
    /// Hash of the hash of the refresh token that was used last, or of the first one.
    pub(super) refresh_token_hash: String,
    pub(super) user_data: Text,
    pub(super) database_data: Text,
    /// Milliseconds since the Unix epoch.
    pub(super) created_at: u64,
    /// When its refresh token expires, in milliseconds since the Unix epoch.
    pub(super) expires_at: u64,
    pub(super) use_static_key: bool,
}

/// An object in writing, which takes a fraction of its memory when read.
#[derive(Clone, Debug)]
pub(super) struct Text(String);

/// What a refresh token is to its session.
#[derive(Debug)]
pub(super) enum Refresh {
    /// There is no session, or not any more.
    Missing,
    /// It is the current token: the session gets the next one.
    Current(Session),
    /// It was in use before the current one.
    Theft(Session),
}

impl From<&Object> for Text {
    fn from(object: &Object) -> Self {
        Self(object.to_string())
    }
}

impl Text {
    pub(super) fn object(&self) -> Object {
        match Json::parse(&self.0) {
            Ok(Json::Object(object)) => object,
            // It was written by us.
            _ => Object::new(),
        }
    }
}

impl Weight for Session {
    fn bytes(&self) -> usize {
        OVERHEAD
            + 2 * self.handle.len()
            + self.tenant.len()
            + self.user_id.len()
            + self.user_data.0.len()
            + self.database_data.0.len()
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(MAX_SESSIONS, MAX_BYTES)))
    }
}

impl Sessions {
    pub(super) fn insert(&self, session: Session) {
        let handle = session.handle.clone();
        self.0.lock().insert(&handle, session);
    }

    /// A session of this tenant, even one whose refresh token has expired.
    pub(super) fn get(&self, tenant: &str, handle: &str) -> Option<Session> {
        let sessions = self.0.lock();
        sessions
            .get(handle)
            .filter(|session| session.tenant == tenant)
            .cloned()
    }

    /// A session of this tenant that has not expired.
    pub(super) fn current(&self, tenant: &str, handle: &str, now: u64) -> Option<Session> {
        self.get(tenant, handle)
            .filter(|session| session.expires_at > now)
    }

    /// Changes a session of this tenant that has not expired; whether there is one.
    pub(super) fn change(
        &self,
        tenant: &str,
        handle: &str,
        now: u64,
        change: impl FnOnce(&mut Session),
    ) -> bool {
        self.0.lock().change(handle, |session| {
            let is_current = session.tenant == tenant && session.expires_at > now;
            if is_current {
                change(session);
            }
            is_current
        }) == Some(true)
    }

    /// Tenants and handles of a user's sessions that have not expired, oldest first.
    pub(super) fn of_user(&self, user_id: &str, now: u64) -> Vec<(String, String)> {
        self.0
            .lock()
            .iter()
            .filter(|session| session.user_id == user_id && session.expires_at >= now)
            .map(|session| (session.tenant.clone(), session.handle.clone()))
            .collect()
    }

    /// Ends a session of this tenant; whether there was one.
    pub(super) fn remove(&self, tenant: &str, handle: &str) -> bool {
        let mut sessions = self.0.lock();
        let is_there = sessions
            .get(handle)
            .is_some_and(|session| session.tenant == tenant);
        is_there && sessions.remove(handle).is_some()
    }

    /// Notes the use of an access token that came with a new refresh token: that one is current from now on, unless it
    /// has been for long. `None` when there is no session; otherwise the session, and whether the access token belongs
    /// to the current refresh token.
    pub(super) fn confirm(
        &self,
        tenant: &str,
        handle: &str,
        token_hash: &str,
        parent_hash: Option<&str>,
        now: u64,
    ) -> Option<(Session, bool)> {
        self.0.lock().change(handle, |session| {
            if session.tenant != tenant {
                return None;
            }
            let is_parent_current =
                parent_hash.is_some_and(|parent| hash(parent) == session.refresh_token_hash);
            if is_parent_current {
                session.make_current(token_hash, now);
            }
            let is_current = hash(token_hash) == session.refresh_token_hash;
            Some((session.clone(), is_current))
        })?
    }

    /// Notes the use of a refresh token of this hash, whose parent's hash is another. A child becomes current when it
    /// is used; until then its parent remains good, since the client may not have received the child.
    pub(super) fn refresh(
        &self,
        tenant: &str,
        handle: &str,
        (token_hash, parent_hash): (&str, Option<&str>),
        use_static_key: Option<bool>,
        now: u64,
    ) -> Refresh {
        let outcome = self.0.lock().change(handle, |session| {
            if session.tenant != tenant || session.expires_at < now {
                return Refresh::Missing;
            }
            let is_current = |session: &Session, token_hash: &str| {
                hash(token_hash) == session.refresh_token_hash
            };
            if !is_current(session, token_hash) {
                if !parent_hash.is_some_and(|parent| is_current(session, parent)) {
                    return Refresh::Theft(session.clone());
                }
                session.make_current(token_hash, now);
            }
            session.use_static_key = use_static_key.unwrap_or(session.use_static_key);
            Refresh::Current(session.clone())
        });
        outcome.unwrap_or(Refresh::Missing)
    }
}

impl Session {
    fn make_current(&mut self, token_hash: &str, now: u64) {
        self.refresh_token_hash = hash(token_hash);
        self.expires_at = now + REFRESH_TOKEN_VALIDITY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_440_860_000;

    fn session(handle: &str, first_token_hash: &str) -> Session {
        Session {
            handle: handle.to_owned(),
            tenant: "t1".to_owned(),
            user_id: "user".to_owned(),
            refresh_token_hash: hash(first_token_hash),
            user_data: Text::from(&Object::new()),
            database_data: Text::from(&Object::new()),
            created_at: NOW,
            expires_at: NOW + 1000,
            use_static_key: false,
        }
    }

    #[test]
    fn the_oldest_sessions_are_forgotten() {
        let sessions = Sessions::default();
        for number in 0..=MAX_SESSIONS {
            sessions.insert(session(&number.to_string(), "hash"));
        }
        assert!(sessions.get("t1", "0").is_none());
        assert!(sessions.get("t1", "1").is_some());
        assert_eq!(sessions.of_user("user", NOW).len(), MAX_SESSIONS);
    }

    #[test]
    fn large_data_drives_out_older_sessions() {
        let sessions = Sessions::default();
        sessions.insert(session("small", "hash"));
        let data = Object::new().with("a", "x".repeat(MAX_BYTES / 4));
        for number in 0..4 {
            let mut large = session(&number.to_string(), "hash");
            large.database_data = Text::from(&data);
            sessions.insert(large);
        }
        assert!(sessions.get("t1", "small").is_none());
        assert!(sessions.get("t1", "0").is_none());
        assert!(sessions.get("t1", "3").is_some());
    }

    #[test]
    fn a_session_is_found_in_its_own_tenant_until_it_expires() {
        let sessions = Sessions::default();
        sessions.insert(session("h", "one"));
        assert!(sessions.get("public", "h").is_none());
        assert!(!sessions.change("public", "h", NOW, |_| ()));
        assert!(!sessions.remove("public", "h"));
        assert!(sessions.confirm("public", "h", "one", None, NOW).is_none());
        let refresh = |tenant, now| sessions.refresh(tenant, "h", ("one", None), None, now);
        assert!(matches!(refresh("public", NOW), Refresh::Missing));
        assert!(matches!(refresh("t1", NOW + 1001), Refresh::Missing));
        assert!(matches!(refresh("t1", NOW + 1000), Refresh::Current(_)));
        assert!(sessions.current("t1", "h", NOW + 999).is_some());
        assert!(sessions.current("t1", "h", NOW + 1000).is_none());
        assert!(!sessions.change("t1", "h", NOW + 1000, |_| ()));
        assert_eq!(sessions.of_user("user", NOW + 1000).len(), 1);
        assert!(sessions.of_user("user", NOW + 1001).is_empty());
        assert!(sessions.remove("t1", "h"));
        assert!(!sessions.remove("t1", "h"));
    }

    /// The rows are played in order on one session, whose first refresh token is `a`; `b` and `c` are its children and
    /// `d` is a child of `b`.
    #[test]
    fn a_refresh_token_is_good_until_a_child_of_it_is_used() {
        let sessions = Sessions::default();
        sessions.insert(session("h", "a"));
        for (step, token, parent, is_good) in [
            (1, "a", None, true),
            (2, "a", None, true),
            (3, "b", Some("a"), true),
            (4, "b", Some("a"), true),
            (5, "a", None, false),
            (6, "c", Some("a"), false),
            (7, "d", Some("b"), true),
            (8, "b", Some("a"), false),
            (9, "d", Some("b"), true),
        ] {
            let outcome = sessions.refresh("t1", "h", (token, parent), None, NOW);
            match outcome {
                Refresh::Current(session) => {
                    assert!(is_good, "step {step}");
                    assert_eq!(session.refresh_token_hash, hash(token), "step {step}");
                }
                Refresh::Theft(_) => assert!(!is_good, "step {step}"),
                Refresh::Missing => panic!("step {step}"),
            }
        }
    }

    #[test]
    fn the_first_use_of_a_new_access_token_makes_its_refresh_token_current() {
        let sessions = Sessions::default();
        sessions.insert(session("h", "a"));
        let confirm = |token, parent| {
            let (session, is_current) = sessions
                .confirm("t1", "h", token, parent, NOW)
                .expect("a session");
            (session.refresh_token_hash, is_current)
        };
        assert_eq!(confirm("a", None), (hash("a"), true));
        assert_eq!(confirm("b", Some("a")), (hash("b"), true));
        assert_eq!(confirm("b", Some("a")), (hash("b"), true));
        assert_eq!(confirm("c", Some("a")), (hash("b"), false));
        let stale = sessions.refresh("t1", "h", ("a", None), None, NOW);
        assert!(matches!(stale, Refresh::Theft(_)));
        let session = sessions.get("t1", "h").expect("a session");
        assert_eq!(session.expires_at, NOW + REFRESH_TOKEN_VALIDITY);
    }

    #[test]
    fn a_refresh_changes_which_kind_of_key_signs() {
        let sessions = Sessions::default();
        sessions.insert(session("h", "a"));
        for (wanted, expected) in [(None, false), (Some(true), true), (None, true)] {
            let outcome = sessions.refresh("t1", "h", ("a", None), wanted, NOW);
            let Refresh::Current(session) = outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(session.use_static_key, expected);
        }
    }
}
