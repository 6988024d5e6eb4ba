//! The core: the embedded one, or a real one that the environment names.

use std::{env, error::Error, net::Ipv4Addr};

use serde_json::{Map, Value, json};
use st_m2m::{ConfigBuilder, JwksSource, SigningKey, dev::DevCore};

/// The core that mints.
pub struct Core {
    /// What all services have in common.
    config: ConfigBuilder,
    api_domain: String,
    /// One or more, for the requests that the quickstart makes itself.
    hosts: Vec<String>,
    http: reqwest::Client,
    /// Runs as long as this lives.
    embedded: Option<DevCore>,
}

impl Core {
    /// The core of `ST_M2M_CONNECTION_URI`, else an embedded one.
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        let mut config = ConfigBuilder::from_env()?;
        let (connection_uri, embedded) = if let Some(uri) = variable("ST_M2M_CONNECTION_URI") {
            (uri, None)
        } else {
            let embedded = DevCore::start().await?;
            (embedded.connection_uri().to_owned(), Some(embedded))
        };
        config = config.connection_uri(&connection_uri);
        // The issuer that tokens name. The embedded core serves keys there as a backend SDK does, which is where services
        // look by default; elsewhere nothing need be served, since keys come from the core.
        let named = variable("ST_M2M_API_DOMAIN").is_some();
        let served = embedded.as_ref().filter(|_| !named);
        if !named {
            let ours = served.map(DevCore::api_domain);
            config = config.api_domain(ours.unwrap_or("http://localhost:3001"));
        }
        if served.is_none() && variable("ST_M2M_JWKS").is_none() {
            config = config.jwks(JwksSource::Core);
        }
        Ok(Self {
            api_domain: config.clone().build()?.api_domain().to_owned(),
            config,
            hosts: hosts(&connection_uri),
            http: crate::http_client()?,
            embedded,
        })
    }

    pub fn hosts(&self) -> String {
        self.hosts.join(";")
    }

    pub fn kind(&self) -> &'static str {
        match self.embedded {
            Some(_) => "embedded, for development only",
            None => "ST_M2M_CONNECTION_URI",
        }
    }

    /// The configuration of the service `name`.
    pub fn service(&self, name: &str) -> ConfigBuilder {
        self.config.clone().service(name)
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
        self.post("/recipe/jwt", &request, "/jwt").await
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
        self.post("/recipe/session", &request, "/accessToken/token")
            .await
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

    /// What anybody can do who reaches the core and knows its api key: the token at `pointer` of the answer, from the
    /// first host that gives one.
    async fn post(
        &self,
        path: &str,
        body: &Value,
        pointer: &str,
    ) -> Result<String, Box<dyn Error>> {
        let mut failures = Vec::new();
        for host in &self.hosts {
            match self.post_to(host, path, body).await {
                Ok((200, answer)) => match answer.pointer(pointer).and_then(Value::as_str) {
                    Some(token) => return Ok(token.to_owned()),
                    None => failures.push(format!("{host} answered without a token")),
                },
                Ok((status, _)) => failures.push(format!("{host} answered status {status}")),
                Err(error) => failures.push(format!("{host}: {}", cause(&error))),
            }
        }
        let failures = failures.join("; ");
        Err(format!("the core gave no token for POST {path}: {failures}").into())
    }

    async fn post_to(&self, host: &str, path: &str, body: &Value) -> reqwest::Result<(u16, Value)> {
        let version = variable("ST_M2M_CDI_VERSION");
        let mut request = self
            .http
            .post(format!("{host}{path}"))
            .header("content-type", "application/json; charset=utf-8")
            .header("cdi-version", version.as_deref().unwrap_or("5.4"))
            .body(body.to_string());
        if let Some(api_key) = variable("ST_M2M_API_KEY") {
            request = request.header("api-key", api_key);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let body = serde_json::from_str(&answer.text().await?).unwrap_or_default();
        Ok((status, body))
    }
}

/// What is at the bottom of `error`: its own text seldom says it.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A variable as the library reads it, without white space around it.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned())
}

/// The hosts as the library reads them: `localhost` and IPv4 addresses mean http, other names https.
fn hosts(connection_uri: &str) -> Vec<String> {
    let hosts = connection_uri.split(';').map(str::trim);
    hosts
        .filter(|host| !host.is_empty())
        .map(|host| {
            let host = host.trim_end_matches('/');
            let name = host.split([':', '/']).next().unwrap_or_default();
            if host.contains("://") {
                host.to_owned()
            } else if name.starts_with("localhost") || name.parse::<Ipv4Addr>().is_ok() {
                format!("http://{host}")
            } else {
                format!("https://{host}")
            }
        })
        .collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
