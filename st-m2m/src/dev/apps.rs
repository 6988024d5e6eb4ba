//! The apps of a core. Each has keys, sessions, users and tenants of its own.

use std::sync::Arc;

use super::{
    Error, keys::KeyRing, mutex::Mutex, refresh_token::RefreshTokenKey, reply::Refusal,
    route::PUBLIC, sessions::Sessions, tenants::Tenants, users::Users,
};

/// Apps that requests may add.
pub(super) const MAX_APPS: usize = 32;

/// The apps; `public` is always one of them.
#[derive(Debug)]
pub(super) struct Apps {
    public: Arc<App>,
    /// Oldest first.
    others: Mutex<Vec<Arc<App>>>,
    /// Milliseconds.
    access_token_validity: u64,
    max_others: usize,
}

#[derive(Debug)]
pub(super) struct App {
    pub(super) name: String,
    pub(super) keys: Arc<KeyRing>,
    pub(super) refresh_tokens: RefreshTokenKey,
    pub(super) sessions: Sessions,
    pub(super) users: Users,
    pub(super) tenants: Tenants,
}

impl Apps {
    /// Makes apps of these names and `public`, with these tenants each.
    pub(super) fn new(
        names: &[String],
        tenants: &[String],
        access_token_validity: u64,
    ) -> Result<Self, Error> {
        let app = |name: &str, offset| {
            App::new(name, Tenants::new(tenants), access_token_validity, offset).map(Arc::new)
        };
        let mut others: Vec<Arc<App>> = Vec::new();
        for name in names {
            if name != PUBLIC && others.iter().all(|other| other.name != *name) {
                others.push(app(name, offset(others.len()))?);
            }
        }
        Ok(Self {
            public: app(PUBLIC, 0)?,
            max_others: others.len() + MAX_APPS,
            others: Mutex::new(others),
            access_token_validity,
        })
    }

    pub(super) fn public(&self) -> &Arc<App> {
        &self.public
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<App>> {
        if name == PUBLIC {
            return Some(Arc::clone(&self.public));
        }
        let others = self.others.lock();
        others.iter().find(|app| app.name == name).cloned()
    }

    /// Oldest first.
    pub(super) fn all(&self) -> Vec<Arc<App>> {
        let mut all = vec![Arc::clone(&self.public)];
        all.extend(self.others.lock().iter().cloned());
        all
    }

    /// The app of this name, which is made if there is none; and whether it is new.
    pub(super) fn get_or_add(&self, name: &str) -> Result<(Arc<App>, bool), Refusal> {
        if name == PUBLIC {
            return Ok((Arc::clone(&self.public), false));
        }
        let mut others = self.others.lock();
        if let Some(app) = others.iter().find(|app| app.name == name) {
            return Ok((Arc::clone(app), false));
        }
        if others.len() >= self.max_others {
            return Err(Refusal::bad_request(format!(
                "DevCore keeps no more than {MAX_APPS} apps besides those it started with"
            )));
        }
        let offset = offset(others.len());
        let app = App::new(name, Tenants::new(&[]), self.access_token_validity, offset)?;
        let app = Arc::new(app);
        others.push(Arc::clone(&app));
        Ok((app, true))
    }
}

impl App {
    fn new(
        name: &str,
        tenants: Tenants,
        access_token_validity: u64,
        offset: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            name: name.to_owned(),
            keys: Arc::new(KeyRing::new(access_token_validity, offset)),
            refresh_tokens: RefreshTokenKey::generate()?,
            sessions: Sessions::default(),
            users: Users::default(),
            tenants,
        })
    }
}

/// How much older than those of `public` the dynamic keys of the next app claim to be, so that no two apps have keys
/// of the same id.
fn offset(others: usize) -> u64 {
    u64::try_from(others).unwrap_or(u64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_apps_is_bounded() {
        let names = ["a".to_owned(), "a".to_owned(), PUBLIC.to_owned()];
        let apps = Apps::new(&names, &["t1".to_owned()], 3_600_000).expect("apps");
        assert_eq!(apps.all().len(), 2);
        for number in 0..MAX_APPS {
            let (app, is_new) = apps.get_or_add(&format!("a{number}")).expect("an app");
            assert!(is_new && !app.tenants.contains("t1"));
        }
        assert!(apps.get_or_add("one-more").is_err());
        assert!(apps.get("one-more").is_none());
        let (app, is_new) = apps.get_or_add("a").expect("known");
        assert!(!is_new && app.tenants.contains("t1"));
        assert!(!apps.get_or_add(PUBLIC).expect("known").1);
    }
}
