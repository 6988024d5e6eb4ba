//! Asks SuperTokens Core.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{CdiVersion, CoreAccess, CoreHost, SigningKey, wire};
use crate::{
    error::{CoreError, HostFailure},
    excerpt::excerpt,
    transport::{Limits, Request, Response, Transport, exchange},
};

/// A token to mint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MintRequest<'a> {
    pub(crate) claims: &'a Map<String, Value>,
    /// Becomes `iss` unless the claims have one.
    pub(crate) issuer: &'a str,
    /// Seconds.
    pub(crate) validity: u64,
    pub(crate) signing_key: SigningKey,
}

/// A client of one core, or of several that share a database.
#[derive(Debug)]
pub(crate) struct CoreClient {
    transport: Arc<dyn Transport>,
    /// Never empty.
    hosts: Vec<CoreHost>,
    /// Advances with every attempt, so that the hosts share the load.
    next_host: AtomicUsize,
    api_key: Option<HeaderValue>,
    pinned_version: Option<CdiVersion>,
    negotiated_version: ArcSwapOption<CdiVersion>,
    limits: Limits,
}

/// One request, before it is known which host gets it.
struct Call<'a> {
    method: Method,
    path: &'a str,
    version: Option<CdiVersion>,
    with_api_key: bool,
    recipe_id: Option<&'static str>,
    body: Option<Bytes>,
}

/// What to do when a host answers with another status than 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnStatus {
    /// It is the answer, as for the official SDKs.
    Stop,
    /// Another host may do better.
    NextHost,
}

impl CoreClient {
    pub(crate) fn new(access: &CoreAccess, transport: Arc<dyn Transport>, limits: Limits) -> Self {
        // The configuration checked that the key is visible ASCII.
        let api_key = access.api_key.as_ref().and_then(|key| {
            let mut value = HeaderValue::from_str(key.expose()).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self {
            transport,
            hosts: access.hosts.clone(),
            next_host: AtomicUsize::new(0),
            api_key,
            pinned_version: access.cdi_version,
            negotiated_version: ArcSwapOption::empty(),
            limits,
        }
    }

    /// `POST /recipe/jwt`: the signed token.
    pub(crate) async fn mint(&self, mint: MintRequest<'_>) -> Result<String, CoreError> {
        let body = wire::JwtRequest {
            payload: mint.claims,
            algorithm: wire::ALGORITHM,
            jwks_domain: mint.issuer,
            validity: mint.validity,
            use_static_signing_key: mint.signing_key == SigningKey::Static,
        };
        // A map with string keys and JSON values always serialises.
        let body = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
        let (host, answer) = self
            .versioned(Method::POST, wire::JWT_PATH, "jwt", Some(body))
            .await?;
        let answer: wire::JwtResponse = read(&host, wire::JWT_PATH, &answer)?;
        match (answer.status.as_str(), answer.jwt) {
            ("OK", Some(jwt)) => Ok(jwt),
            ("OK", None) => Err(garbage(&host, wire::JWT_PATH, "status OK without a jwt")),
            ("UNSUPPORTED_ALGORITHM_ERROR", _) => Err(CoreError::UnsupportedAlgorithm),
            _ => Err(CoreError::UnknownStatus {
                path: wire::JWT_PATH.to_owned(),
                status: self.shown(&answer.status),
            }),
        }
    }

    /// `GET /.well-known/jwks.json`, of the first host that answers with status 200. It needs no api key, so none
    /// is sent. The hosts share the time `total`: whoever waits for keys waits no longer than for one host.
    pub(crate) async fn jwks(&self, total: Duration) -> Result<(String, Response), CoreError> {
        let call = Call {
            method: Method::GET,
            path: wire::JWKS_PATH,
            version: None,
            with_api_key: false,
            recipe_id: None,
            body: None,
        };
        let hosts = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        let limits = Limits {
            total: total / hosts.max(1),
            ..self.limits
        };
        self.send_within(&call, limits, OnStatus::NextHost)
            .await
            .map(|(host, answer)| (host.url(wire::JWKS_PATH), answer))
    }

    /// A call that names the CDI version. The host that gets it may not speak the version that another one, or its
    /// predecessor behind the same address, agreed to: then it is asked itself, once.
    pub(super) async fn versioned(
        &self,
        method: Method,
        path: &str,
        recipe_id: &'static str,
        body: Option<Bytes>,
    ) -> Result<(CoreHost, Response), CoreError> {
        let mut call = Call {
            method,
            path,
            version: Some(self.version().await?),
            with_api_key: true,
            recipe_id: Some(recipe_id),
            body,
        };
        let answer = self.send(&call).await;
        let Some(host) = self.refuses_the_version(&answer) else {
            return answer;
        };
        call.version = Some(self.negotiate(Some(host)).await?);
        self.send_to(host, &call).await
    }

    /// The host that refused a call for its version, where another version may do.
    fn refuses_the_version(
        &self,
        answer: &Result<(CoreHost, Response), CoreError>,
    ) -> Option<&CoreHost> {
        let Err(CoreError::Status {
            host,
            status: 400,
            message,
            ..
        }) = answer
        else {
            return None;
        };
        let may_differ = self.pinned_version.is_none() && message.starts_with("cdi-version");
        self.hosts
            .iter()
            .find(|it| may_differ && it.to_string() == *host)
    }

    async fn version(&self) -> Result<CdiVersion, CoreError> {
        if let Some(version) = self.pinned_version {
            return Ok(version);
        }
        if let Some(version) = self.negotiated_version.load_full() {
            return Ok(*version);
        }
        self.negotiate(None).await
    }

    /// Asks `host`, or whichever host's turn it is, for its versions.
    async fn negotiate(&self, host: Option<&CoreHost>) -> Result<CdiVersion, CoreError> {
        let call = Call {
            method: Method::GET,
            path: wire::API_VERSION_PATH,
            version: None,
            with_api_key: true,
            recipe_id: None,
            body: None,
        };
        let (host, answer) = match host {
            Some(host) => self.send_to(host, &call).await?,
            None => self.send(&call).await?,
        };
        let theirs: wire::ApiVersionResponse = read(&host, wire::API_VERSION_PATH, &answer)?;
        let version = CdiVersion::newest_common(&theirs.versions).ok_or_else(|| {
            CoreError::NoCommonVersion {
                theirs: self.shown(&theirs.versions.join(", ")),
                ours: CdiVersion::supported_list(),
            }
        })?;
        self.negotiated_version.store(Some(Arc::new(version)));
        Ok(version)
    }

    /// Sends `call` to this host alone.
    async fn send_to(
        &self,
        host: &CoreHost,
        call: &Call<'_>,
    ) -> Result<(CoreHost, Response), CoreError> {
        match self.ask(host, call, self.limits).await {
            Ok(answer) => self
                .accept(host, call, answer)
                .map(|answer| (host.clone(), answer)),
            Err(error) => Err(CoreError::Unreachable(vec![HostFailure {
                host: host.to_string(),
                error,
            }])),
        }
    }

    /// Sends `call` to one host after the other until one answers, whatever it answers. Every call of this client
    /// may be repeated: none changes the core's state more when it is sent twice.
    async fn send(&self, call: &Call<'_>) -> Result<(CoreHost, Response), CoreError> {
        self.send_within(call, self.limits, OnStatus::Stop).await
    }

    async fn send_within(
        &self,
        call: &Call<'_>,
        limits: Limits,
        on_status: OnStatus,
    ) -> Result<(CoreHost, Response), CoreError> {
        let mut failures = Vec::new();
        let mut refusal = None;
        for _ in 0..self.hosts.len() {
            let turn = self.next_host.fetch_add(1, Ordering::Relaxed);
            let host = &self.hosts[turn % self.hosts.len()];
            match self.ask(host, call, limits).await {
                Ok(answer) => match self.accept(host, call, answer) {
                    Ok(answer) => return Ok((host.clone(), answer)),
                    Err(error) if on_status == OnStatus::Stop => return Err(error),
                    Err(error) => refusal = Some(error),
                },
                Err(error) => failures.push(HostFailure {
                    host: host.to_string(),
                    error,
                }),
            }
        }
        Err(refusal.unwrap_or(CoreError::Unreachable(failures)))
    }

    async fn ask(
        &self,
        host: &CoreHost,
        call: &Call<'_>,
        limits: Limits,
    ) -> Result<Response, crate::transport::Error> {
        exchange(self.transport.as_ref(), self.request(host, call)?, limits).await
    }

    fn request(
        &self,
        host: &CoreHost,
        call: &Call<'_>,
    ) -> Result<Request, crate::transport::Error> {
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(host.url(call.path))
            .header(header::ACCEPT, "application/json")
            .header(header::CACHE_CONTROL, "no-cache, no-store");
        if let Some(api_key) = self.api_key.as_ref().filter(|_| call.with_api_key) {
            request = request.header(wire::API_KEY_HEADER, api_key);
        }
        if let Some(version) = call.version {
            request = request.header(wire::CDI_VERSION_HEADER, version.to_string());
        }
        if let Some(recipe_id) = call.recipe_id {
            request = request.header(wire::RECIPE_ID_HEADER, recipe_id);
        }
        if call.body.is_some() {
            request = request.header(header::CONTENT_TYPE, wire::JSON_CONTENT_TYPE);
        }
        request
            .body(call.body.clone().unwrap_or_default())
            .map_err(|error| crate::transport::Error::Broken(error.into()))
    }

    /// Only status 200 is an answer.
    fn accept(
        &self,
        host: &CoreHost,
        call: &Call<'_>,
        answer: Response,
    ) -> Result<Response, CoreError> {
        let status = answer.status();
        if status == StatusCode::OK {
            Ok(answer)
        } else if status == StatusCode::UNAUTHORIZED {
            Err(CoreError::ApiKeyRefused {
                host: host.to_string(),
                sent: call.with_api_key && self.api_key.is_some(),
            })
        } else if status.is_redirection() {
            Err(CoreError::Redirect {
                host: host.to_string(),
                method: call.method.clone(),
                path: call.path.to_owned(),
                status: status.as_u16(),
            })
        } else {
            Err(CoreError::Status {
                host: host.to_string(),
                method: call.method.clone(),
                path: call.path.to_owned(),
                status: status.as_u16(),
                message: self.shown(&String::from_utf8_lossy(answer.body())),
            })
        }
    }

    /// The beginning of what a core sent, without our api key: a gateway's error page may repeat the request.
    pub(super) fn shown(&self, text: &str) -> String {
        match self.api_key.as_ref().and_then(|key| key.to_str().ok()) {
            Some(api_key) => excerpt(&text.replace(api_key, "[redacted]")),
            None => excerpt(text),
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(
    host: &CoreHost,
    path: &str,
    answer: &Response,
) -> Result<T, CoreError> {
    serde_json::from_slice(answer.body())
        // The category, not the text: serde_json's message can repeat a string value, which may be a token.
        .map_err(|error| {
            garbage(
                host,
                path,
                match error.classify() {
                    serde_json::error::Category::Data => "JSON of another shape",
                    _ => "not JSON",
                },
            )
        })
}

pub(super) fn garbage(host: &CoreHost, path: &str, problem: &str) -> CoreError {
    CoreError::Garbage {
        host: host.to_string(),
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}
