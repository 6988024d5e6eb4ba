//! The tenants of one app, and how their users may sign in.

use std::collections::HashMap;

use super::{
    json::{Json, Object},
    mutex::Mutex,
    reply::Refusal,
    route::PUBLIC,
};

/// Tenants that requests may add to one app.
pub(super) const MAX_TENANTS: usize = 256;

/// The tenants of one app, oldest first; `public` is always one of them.
#[derive(Debug)]
pub(super) struct Tenants(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    tenants: Vec<Tenant>,
    /// Where each name stands.
    positions: HashMap<String, usize>,
    max: usize,
}

/// A tenant. The first factors are how its users may sign in; without a list, in any way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tenant {
    pub(super) name: String,
    pub(super) first_factors: Option<Vec<String>>,
    pub(super) required_secondary_factors: Option<Vec<String>>,
}

impl Tenants {
    pub(super) fn new(names: &[String]) -> Self {
        let mut list = List::default();
        for name in std::iter::once(PUBLIC).chain(names.iter().map(String::as_str)) {
            if !list.positions.contains_key(name) {
                list.push(Tenant::new(name));
            }
        }
        list.max = list.tenants.len() + MAX_TENANTS;
        Self(Mutex::new(list))
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// How many tenants are older.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.0.lock().positions.get(name).copied()
    }

    pub(super) fn get(&self, name: &str) -> Option<Tenant> {
        let list = self.0.lock();
        let position = list.positions.get(name)?;
        list.tenants.get(*position).cloned()
    }

    pub(super) fn all(&self) -> Vec<Tenant> {
        self.0.lock().tenants.clone()
    }

    /// Changes a tenant, or adds it first; whether it is new.
    pub(super) fn put(
        &self,
        name: &str,
        change: impl FnOnce(&mut Tenant),
    ) -> Result<bool, Refusal> {
        let mut list = self.0.lock();
        let position = list.positions.get(name).copied();
        if let Some(tenant) = position.and_then(|position| list.tenants.get_mut(position)) {
            change(tenant);
            return Ok(false);
        }
        if list.tenants.len() >= list.max {
            return Err(Refusal::bad_request(format!(
                "DevCore keeps no more than {MAX_TENANTS} tenants besides those that the app started with"
            )));
        }
        let mut tenant = Tenant::new(name);
        change(&mut tenant);
        list.push(tenant);
        Ok(true)
    }
}

impl List {
    fn push(&mut self, tenant: Tenant) {
        self.positions
            .insert(tenant.name.clone(), self.tenants.len());
        self.tenants.push(tenant);
    }
}

impl Tenant {
    /// As `PUT /recipe/multitenancy/tenant/v2` makes it without further fields
    /// (`webserver/api/multitenancy/BaseCreateOrUpdate.java`).
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            first_factors: (name != PUBLIC).then(Vec::new),
            required_secondary_factors: None,
        }
    }

    /// The tenant as the second version of the multitenancy API shows it (recorded: `mt_tenant_list`). There are no
    /// settings of a tenant, and no providers.
    pub(super) fn shown(&self) -> Object {
        let list = |factors: &[String]| -> Vec<Json> {
            factors.iter().map(|it| Json::from(it.as_str())).collect()
        };
        let providers = Object::new().with("providers", Vec::new());
        let mut shown = Object::new()
            .with("tenantId", self.name.as_str())
            .with("thirdParty", providers);
        if let Some(factors) = &self.first_factors {
            shown.set("firstFactors", list(factors));
        }
        if let Some(factors) = &self.required_secondary_factors {
            shown.set("requiredSecondaryFactors", list(factors));
        }
        shown.with("coreConfig", Object::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tenants_is_bounded() {
        let tenants = Tenants::new(&["a".to_owned(), "a".to_owned(), PUBLIC.to_owned()]);
        assert_eq!(tenants.all().len(), 2);
        for number in 0..MAX_TENANTS {
            assert_eq!(tenants.put(&format!("t{number}"), |_| ()), Ok(true));
        }
        assert!(tenants.put("one-more", |_| ()).is_err());
        assert!(!tenants.contains("one-more"));
        assert_eq!(tenants.put("t1", |_| ()), Ok(false));
    }
}
