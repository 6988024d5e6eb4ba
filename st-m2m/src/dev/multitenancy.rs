//! `/recipe/multitenancy/…/v2`: apps and tenants are made, changed and listed.

use std::collections::HashSet;

use http::StatusCode;

use super::{
    apps::Apps,
    context::Context,
    json::{Json, Object},
    reply::Refusal,
    request::Fields,
    route::{self, PUBLIC},
    tenants::Tenant,
};

/// Length of a name in characters, which the core's database limits.
const MAX_NAME: usize = 64;
/// Bytes that the factors of one tenant may take.
const MAX_FACTORS: usize = 4096;

/// Answers `PUT /recipe/multitenancy/app/v2`. The checks come in the core's order
/// (`webserver/api/multitenancy/BaseCreateOrUpdate.java`).
pub(super) fn put_app(
    context: &Context<'_>,
    apps: &Apps,
    fields: &Fields,
) -> Result<Object, Refusal> {
    let name = match fields.optional_string("appId")? {
        Some(name) => checked_name("appId", name)?,
        None => PUBLIC.to_owned(),
    };
    let source = (context.app.name.as_str(), context.tenant()?);
    let change = Change::read(fields)?;
    if name != PUBLIC && (source.1 != PUBLIC || (source.0 != PUBLIC && source.0 != name)) {
        return Err(forbidden(
            "You must use the public or same app to add/update an app",
        ));
    }
    change.check_settings(name == PUBLIC)?;
    let (app, is_new) = apps.get_or_add(&name)?;
    app.tenants.put(PUBLIC, |tenant| change.apply(tenant))?;
    Ok(done(is_new))
}

/// Answers `PUT /recipe/multitenancy/tenant/v2`.
pub(super) fn put_tenant(context: &Context<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let name = match fields.optional_string("tenantId")? {
        Some(name) => checked_name("tenantId", name)?,
        None => PUBLIC.to_owned(),
    };
    let source = context.tenant()?;
    let change = Change::read(fields)?;
    if name != PUBLIC && source != PUBLIC && source != name {
        return Err(forbidden(
            "You must use the public or same tenant to add/update a tenant",
        ));
    }
    if name == PUBLIC && context.app.name != PUBLIC && source != PUBLIC {
        return Err(forbidden(
            "You must use the public or same app to add/update an app",
        ));
    }
    change.check_settings(name == PUBLIC && context.app.name == PUBLIC)?;
    let is_new = context
        .app
        .tenants
        .put(&name, |tenant| change.apply(tenant))?;
    Ok(done(is_new))
}

/// Answers `GET /recipe/multitenancy/tenant/v2` for the tenant in the path.
pub(super) fn get_tenant(context: &Context<'_>) -> Object {
    match context.app.tenants.get(&context.route.tenant) {
        Some(tenant) => tenant.shown().with("status", "OK"),
        None => tenant_not_found(),
    }
}

/// The answer when there is no such tenant, nor perhaps such an app.
pub(super) fn tenant_not_found() -> Object {
    Object::new().with("status", "TENANT_NOT_FOUND_ERROR")
}

/// Answers `GET /recipe/multitenancy/tenant/list/v2`.
pub(super) fn list_tenants(context: &Context<'_>) -> Result<Object, Refusal> {
    if context.tenant()? != PUBLIC {
        return Err(forbidden(
            "Only the public tenantId is allowed to list all tenants associated with this app",
        ));
    }
    Ok(Object::new()
        .with("status", "OK")
        .with("tenants", shown(&context.app.tenants.all())))
}

/// Answers `GET /recipe/multitenancy/app/list/v2`.
pub(super) fn list_apps(context: &Context<'_>, apps: &Apps) -> Result<Object, Refusal> {
    if context.tenant()? != PUBLIC || context.app.name != PUBLIC {
        return Err(forbidden(
            "Only the public tenantId and public appId is allowed to list all apps associated with this connection \
             uri domain",
        ));
    }
    let apps = apps.all().into_iter().map(|app| {
        Json::from(
            Object::new()
                .with("appId", app.name.as_str())
                .with("tenants", shown(&app.tenants.all())),
        )
    });
    Ok(Object::new()
        .with("status", "OK")
        .with("apps", apps.collect::<Vec<_>>()))
}

fn shown(tenants: &[Tenant]) -> Vec<Json> {
    tenants.iter().map(|it| Json::from(it.shown())).collect()
}

fn done(is_new: bool) -> Object {
    Object::new()
        .with("status", "OK")
        .with("createdNew", is_new)
}

fn forbidden(message: &str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, message)
}

/// The name of an app or tenant as the core keeps it (`webserver/Utils.java`).
fn checked_name(field: &str, name: &str) -> Result<String, Refusal> {
    let name = name.trim().to_lowercase();
    let message = if name.is_empty() {
        format!("{field} should not be an empty String")
    } else if field == "tenantId" && route::NO_TENANTS.contains(&name.as_str()) {
        format!("Cannot use '{name}' as a tenantId")
    } else if name.starts_with("appid-") {
        format!("{field} must not start with 'appid-'")
    } else if !route::is_name(&name) {
        format!("{field} can only contain letters, numbers and hyphens")
    } else if name.len() > MAX_NAME {
        format!("{field} must not be longer than {MAX_NAME} characters")
    } else {
        return Ok(name);
    };
    Err(Refusal::bad_request(message))
}

/// What a request says about a tenant.
#[derive(Debug)]
struct Change {
    first_factors: Factors,
    required_secondary_factors: Factors,
    has_settings: bool,
}

/// What becomes of a list of factors.
#[derive(Debug)]
enum Factors {
    Kept,
    Set(Vec<String>),
    Forgotten,
}

impl Change {
    fn read(fields: &Fields) -> Result<Self, Refusal> {
        let settings = fields.optional_object("coreConfig")?;
        for (field, named) in [
            ("emailPasswordEnabled", "emailPasswordEnabled"),
            ("thirdPartyEnabled", "thirdParty"),
            ("passwordlessEnabled", "passwordless"),
        ] {
            if fields.has(field) {
                return Err(Refusal::bad_request(format!(
                    "{named} is not a valid input for this API"
                )));
            }
        }
        let first_factors = Factors::read(fields, "firstFactors")?;
        let required_secondary_factors = Factors::read(fields, "requiredSecondaryFactors")?;
        first_factors.check("firstFactors")?;
        required_secondary_factors.check("requiredSecondaryFactors")?;
        Ok(Self {
            first_factors,
            required_secondary_factors,
            has_settings: settings.is_some_and(|settings| settings.iter().next().is_some()),
        })
    }

    /// An app or tenant has no settings of its own here, and saying so is better than to ignore them.
    fn check_settings(&self, is_base: bool) -> Result<(), Refusal> {
        match (self.has_settings, is_base) {
            (false, _) => Ok(()),
            (true, true) => Err(Refusal::bad_request("Cannot modify base config")),
            (true, false) => Err(Refusal::bad_request(
                "Invalid core config: DevCore has no settings of an app or tenant",
            )),
        }
    }

    fn apply(self, tenant: &mut Tenant) {
        self.first_factors.apply(&mut tenant.first_factors);
        self.required_secondary_factors
            .apply(&mut tenant.required_secondary_factors);
    }
}

impl Factors {
    fn read(fields: &Fields, name: &str) -> Result<Self, Refusal> {
        if fields.is_null(name) {
            return Ok(Self::Forgotten);
        }
        let Some(factors) = fields.optional_strings(name)? else {
            return Ok(Self::Kept);
        };
        let distinct: HashSet<&String> = factors.iter().collect();
        if distinct.len() == factors.len() {
            Ok(Self::Set(factors))
        } else {
            Err(Refusal::bad_request(format!(
                "{name} input should not contain duplicate values"
            )))
        }
    }

    fn check(&self, name: &str) -> Result<(), Refusal> {
        let Self::Set(factors) = self else {
            return Ok(());
        };
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_.()-".contains(character);
        if !factors
            .iter()
            .all(|factor| !factor.is_empty() && factor.chars().all(is_allowed))
        {
            return Err(Refusal::bad_request(format!(
                "{name} should contain only 0-9,a-z,A-Z,_,.,- characters"
            )));
        }
        let bytes: usize = factors.iter().map(|factor| factor.len() + 16).sum();
        if bytes > MAX_FACTORS {
            return Err(Refusal::bad_request(format!(
                "{name} are too many for DevCore"
            )));
        }
        Ok(())
    }

    fn apply(self, factors: &mut Option<Vec<String>>) {
        match self {
            Self::Kept => {}
            Self::Set(new) => *factors = Some(new),
            Self::Forgotten => *factors = None,
        }
    }
}
