//! `POST /recipe/signup` and `POST /recipe/signin`.

use std::sync::Arc;

use http::StatusCode;

use crate::dev::{
    blocking, context::Context, identifier, json::Object, reply::Refusal, request::Fields,
};

use super::{User, normalised, password::PasswordHash};

/// Answers a request to sign up. The checks come in the core's order.
pub(in crate::dev) async fn sign_up(
    context: &Context<'_>,
    fields: &Fields,
) -> Result<Object, Refusal> {
    let email = normalised(fields.string("email")?);
    let password = fields.string("password")?.to_owned();
    if password.is_empty() {
        return Err(Refusal::bad_request("Password cannot be an empty string"));
    }
    let tenant = open_tenant(context)?;
    let password = blocking::run(move || PasswordHash::of(&password)).await?;
    let user = Arc::new(User {
        id: identifier::uuid()?,
        email,
        tenant: tenant.to_owned(),
        password,
        joined_at: context.now,
    });
    if context.app.users.insert(&user) {
        Ok(signed(context, &user))
    } else {
        Ok(Object::new().with("status", "EMAIL_ALREADY_EXISTS_ERROR"))
    }
}

/// Answers a request to sign in.
pub(in crate::dev) async fn sign_in(
    context: &Context<'_>,
    fields: &Fields,
) -> Result<Object, Refusal> {
    let email = normalised(fields.string("email")?);
    let password = fields.string("password")?.to_owned();
    let tenant = open_tenant(context)?;
    if let Some(user) = context.app.users.by_email(tenant, &email) {
        let checked = Arc::clone(&user);
        if blocking::run(move || Ok(checked.password.matches(&password))).await? {
            return Ok(signed(context, &user));
        }
    }
    Ok(Object::new().with("status", "WRONG_CREDENTIALS_ERROR"))
}

/// The tenant in the path, if its users may have passwords. From CDI 5.1 on that is the SDK's decision
/// (`multitenancy/MultitenancyHelper.java`, `isEmailPasswordEnabled`).
fn open_tenant<'a>(context: &Context<'a>) -> Result<&'a str, Refusal> {
    let name = context.tenant()?;
    let factors = context
        .app
        .tenants
        .get(name)
        .and_then(|it| it.first_factors);
    let is_open = match factors {
        None => true,
        Some(_) if context.version.is_at_least(5, 1) => true,
        Some(factors) if context.version.is_at_least(5, 0) => !factors.is_empty(),
        Some(factors) => factors.iter().any(|factor| factor == "emailpassword"),
    };
    if is_open {
        Ok(name)
    } else {
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "Email password login not enabled for tenant",
        ))
    }
}

fn signed(context: &Context<'_>, user: &User) -> Object {
    let answer = Object::new().with("status", "OK");
    if context.version.is_at_least(4, 0) {
        answer
            .with("user", user.shown(context.version))
            .with("recipeUserId", user.id.as_str())
    } else {
        answer.with("user", user.shown_alone(context.version))
    }
}
