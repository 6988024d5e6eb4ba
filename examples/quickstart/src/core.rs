//! The core: the embedded one, or a real one that the environment names.

use std::{env, error::Error};

use serde_json::{Map, Value, json};
use st_m2m::{Config, ConfigBuilder, JwksSource, SigningKey, dev::DevCore};

/// The core that mints.
pub struct Core {
    connection_uri: String,
    api_key: Option<String>,
    api_domain: String,
    http: reqwest::Client,
    /// Runs as long as this lives.
    embedded: Option<DevCore>,
}

impl Core {
    /// The core of `ST_M2M_CONNECTION_URI`, else an embedded one.
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        let http = crate::plain_http_client()?;
        if let Ok(connection_uri) = env::var("ST_M2M_CONNECTION_URI") {
            return Ok(Self {
                connection_uri,
                api_key: env::var("ST_M2M_API_KEY").ok(),
                // Nothing is served there: keys come from the core. It is the issuer that tokens name.
                api_domain: "http://localhost:3001".to_owned(),
                http,
                embedded: None,
            });
        }
        let embedded = DevCore::start().await?;
        Ok(Self {
            connection_uri: embedded.connection_uri().to_owned(),
            api_key: None,
            api_domain: embedded.api_domain().to_owned(),
            http,
            embedded: Some(embedded),
        })
    }

    pub fn connection_uri(&self) -> &str {
        &self.connection_uri
    }

    pub fn kind(&self) -> &'static str {
        match self.embedded {
            Some(_) => "embedded, for development only",
            None => "ST_M2M_CONNECTION_URI",
        }
    }

    /// The configuration of the service `name`.
    pub fn service(&self, name: &str) -> ConfigBuilder {
        let config = Config::builder()
            .connection_uri(&self.connection_uri)
            .api_domain(&self.api_domain)
            .service(name);
        let config = match &self.api_key {
            Some(api_key) => config.api_key(api_key),
            None => config,
        };
        match self.embedded {
            // It serves `{api_domain}/auth/jwt/jwks.json` as well, where keys come from by default.
            Some(_) => config,
            None => config.jwks(JwksSource::Core),
        }
    }

    /// A token that expired long ago. The core signs any `exp` that it is told.
    pub async fn expired_token(&self) -> Result<String, Box<dyn Error>> {
        let request = json!({
            "payload": { "source": "microservice", "sub": "orders", "iat": 1_600_000_000, "exp": 1_600_003_600 },
            "validity": 3600,
            "algorithm": "RS256",
            "jwksDomain": self.api_domain,
            "useStaticSigningKey": true,
        });
        let answer = self.post("/recipe/jwt", &request).await?;
        text(&answer["jwt"])
    }

    /// A user's session token that claims to be a service.
    pub async fn session_token(&self) -> Result<String, Box<dyn Error>> {
        let request = json!({
            "userId": "user-1",
            "userDataInJWT": { "source": "microservice", "iss": self.api_domain },
            "userDataInDatabase": {},
            "enableAntiCsrf": false,
            "useDynamicSigningKey": true,
        });
        let answer = self.post("/recipe/session", &request).await?;
        text(&answer["accessToken"]["token"])
    }

    /// A token that another core signed in the name of ours.
    pub fn forged_token(&self, key_id: &str, expires_at: u64) -> Result<String, Box<dyn Error>> {
        let attacker = DevCore::builder().in_memory()?;
        let header = json!({ "kid": key_id, "typ": "JWT", "alg": "RS256" });
        let payload = json!({
            "iat": 1_700_000_000, "exp": expires_at, "iss": self.api_domain,
            "source": "microservice", "sub": "orders",
        });
        Ok(attacker.sign(SigningKey::Static, object(header), object(payload))?)
    }

    /// What anybody can do who reaches the core and knows its api key.
    async fn post(&self, path: &str, body: &Value) -> Result<Value, Box<dyn Error>> {
        let host = self.connection_uri.split(';').next().unwrap_or_default();
        let mut request = self
            .http
            .post(format!("{}{path}", host.trim_end_matches('/')))
            .header("content-type", "application/json; charset=utf-8")
            .header("cdi-version", "5.4")
            .body(body.to_string());
        if let Some(api_key) = &self.api_key {
            request = request.header("api-key", api_key);
        }
        let answer = request.send().await?.text().await?;
        Ok(serde_json::from_str(&answer).map_err(|_| answer)?)
    }
}

fn text(value: &Value) -> Result<String, Box<dyn Error>> {
    Ok(value.as_str().ok_or("the core sent no token")?.to_owned())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
