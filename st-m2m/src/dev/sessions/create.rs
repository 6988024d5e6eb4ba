//! `POST /recipe/session`: makes a session.

use crate::dev::{Error, identifier, json::Object, reply::Refusal, request::Fields, route::PUBLIC};

use super::{
    REFRESH_TOKEN_VALIDITY,
    issuer::{Claims, Issuer, Tokens},
    store::{Session, Text},
};

/// What a session is to be.
#[derive(Debug)]
pub(in crate::dev) struct NewSession<'a> {
    pub(in crate::dev) user_id: &'a str,
    pub(in crate::dev) tenant: &'a str,
    pub(in crate::dev) user_data: &'a Object,
    pub(in crate::dev) database_data: &'a Object,
    pub(in crate::dev) anti_csrf: bool,
    pub(in crate::dev) use_static_key: bool,
}

/// Answers a request. The checks come in the core's order.
pub(in crate::dev) fn create(issuer: &Issuer<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let user_id = fields.string("userId")?;
    let anti_csrf = fields.boolean("enableAntiCsrf")?;
    let user_data = fields.object("userDataInJWT")?;
    let database_data = fields.object("userDataInDatabase")?;
    let tenant = issuer.context.tenant()?;
    let use_static_key = issuer.context.version.is_at_least(2, 21)
        && fields.optional_boolean("useDynamicSigningKey")? == Some(false);
    let tokens = issuer.create(&NewSession {
        user_id,
        tenant,
        user_data,
        database_data,
        anti_csrf,
        use_static_key,
    })?;
    let mut answer = issuer.shown(tokens)?;
    answer.set("status", "OK");
    issuer.add_signing_keys(&mut answer)?;
    Ok(answer)
}

impl Issuer<'_> {
    /// Makes a session and its tokens.
    pub(in crate::dev) fn create(&self, new: &NewSession<'_>) -> Result<Tokens, Error> {
        let mut handle = identifier::uuid()?;
        if new.tenant != PUBLIC {
            handle.push('_');
            handle.push_str(new.tenant);
        }
        let tokens = self.issue(Claims {
            handle: &handle,
            user_id: new.user_id,
            tenant: new.tenant,
            user_data: new.user_data.clone(),
            parent_hash: None,
            anti_csrf: new.anti_csrf,
            use_static_key: new.use_static_key,
        })?;
        self.context.app.sessions.insert(Session {
            handle,
            tenant: new.tenant.to_owned(),
            user_id: new.user_id.to_owned(),
            refresh_token_hash: identifier::hash(&tokens.access.refresh_token_hash),
            user_data: Text::from(new.user_data),
            database_data: Text::from(new.database_data),
            created_at: self.context.now,
            expires_at: self.context.now + REFRESH_TOKEN_VALIDITY,
            use_static_key: new.use_static_key,
        });
        Ok(tokens)
    }
}
