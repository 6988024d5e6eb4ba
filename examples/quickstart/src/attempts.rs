//! Who tries, what they are answered, and what they should be.

use std::{
    error::Error,
    io::{self, Write},
    net::SocketAddr,
};

use st_m2m::M2m;

use crate::{billing::Receipt, core::Core};

/// One attempt at billing's `/charges`.
pub struct Attempt {
    what: &'static str,
    expected: u16,
    answered: u16,
    /// Who billing says called.
    called_by: Option<String>,
    expected_caller: Option<&'static str>,
}

impl Attempt {
    fn is_as_expected(&self) -> bool {
        self.answered == self.expected && self.called_by.as_deref() == self.expected_caller
    }
}

/// Makes every attempt.
pub async fn all(
    core: &Core,
    orders: &M2m,
    orders_at: SocketAddr,
    billing_at: SocketAddr,
) -> Result<Vec<Attempt>, Box<dyn Error>> {
    let shipping = M2m::start(core.service("shipping").build()?).await?;
    let key_set = orders.key_set().await?;
    let key_id = key_set
        .static_keys()
        .next()
        .map_or("s-1", |key| key.key_id());
    let forged = core.forged_token(key_id, orders.token()?.expires_at())?;
    let expired = core.expired_token().await?;
    let session = core.session_token().await?;

    let caller = Caller::new(orders_at, billing_at)?;
    Ok(vec![
        caller
            .through_orders("orders calls billing with its client")
            .await?,
        caller.directly("nobody: no token", None, 401).await?,
        caller
            .directly("a forged token", Some(&forged), 401)
            .await?,
        caller
            .directly("an expired token", Some(&expired), 401)
            .await?,
        caller
            .directly(
                "a user's session that says `source: microservice`",
                Some(&session),
                401,
            )
            .await?,
        caller
            .directly(
                "shipping: a service, but not in `from`",
                Some(shipping.token()?.expose()),
                403,
            )
            .await?,
    ])
}

/// An HTTP client that does as it is told.
struct Caller {
    http: reqwest::Client,
    orders: String,
    billing: String,
}

impl Caller {
    fn new(orders_at: SocketAddr, billing_at: SocketAddr) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            http: crate::http_client()?,
            orders: format!("http://{orders_at}/checkout"),
            billing: format!("http://{billing_at}/charges"),
        })
    }

    async fn through_orders(&self, what: &'static str) -> Result<Attempt, Box<dyn Error>> {
        let request = self.http.post(&self.orders);
        attempt(what, request, 200, Some("orders")).await
    }

    async fn directly(
        &self,
        what: &'static str,
        token: Option<&str>,
        expected: u16,
    ) -> Result<Attempt, Box<dyn Error>> {
        let mut request = self
            .http
            .post(&self.billing)
            .header("content-type", "application/json")
            .body(r#"{"amount":1999}"#);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        attempt(what, request, expected, None).await
    }
}

async fn attempt(
    what: &'static str,
    request: reqwest::RequestBuilder,
    expected: u16,
    expected_caller: Option<&'static str>,
) -> Result<Attempt, Box<dyn Error>> {
    let answer = request.send().await?;
    let answered = answer.status().as_u16();
    let receipt: Option<Receipt> = serde_json::from_str(&answer.text().await?).ok();
    Ok(Attempt {
        what,
        expected,
        answered,
        called_by: receipt.and_then(|receipt| receipt.called_by),
        expected_caller,
    })
}

/// Prints a line for each attempt, and gives those that were not answered as expected.
pub fn print_table(out: &mut impl Write, attempts: &[Attempt]) -> io::Result<Vec<String>> {
    writeln!(
        out,
        "{:<50} {:<6} billing says called",
        "who calls billing", "answer"
    )?;
    let mut differing = Vec::new();
    for attempt in attempts {
        let called_by = attempt.called_by.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{:<50} {:<6} {called_by}",
            attempt.what, attempt.answered
        )?;
        if !attempt.is_as_expected() {
            differing.push(format!(
                "{}: expected {} from {}, got {} from {called_by}",
                attempt.what,
                attempt.expected,
                attempt.expected_caller.unwrap_or("-"),
                attempt.answered,
            ));
        }
    }
    writeln!(out)?;
    Ok(differing)
}

/// Prints commands to try while the services are up.
pub fn print_curl_lines(
    out: &mut impl Write,
    orders: &M2m,
    orders_at: SocketAddr,
    billing_at: SocketAddr,
) -> Result<(), Box<dyn Error>> {
    let token = orders.token()?;
    writeln!(out, "The services stay up until Ctrl-C. Try:\n")?;
    writeln!(out, "  curl -i -X POST http://{orders_at}/checkout\n")?;
    let body = r#"-H 'content-type: application/json' -d '{"amount":5}'"#;
    writeln!(out, "  curl -i http://{billing_at}/charges {body}\n")?;
    writeln!(
        out,
        "  curl -i http://{billing_at}/charges {body} -H 'authorization: Bearer {}'\n",
        token.expose()
    )?;
    Ok(())
}
