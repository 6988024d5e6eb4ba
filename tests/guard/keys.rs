//! Keys that are fetched, rotated, removed, or not to be had. Time is tokio's, and paused.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use st_m2m::{JwksSource, M2m, Reason, dev::DevCore};
use st_m2m_tests::{
    jwt::{claims, header},
    still::{self, core},
    transport::{Reply, Scripted},
    verdict::verdict,
};

use crate::service::{config, sign, start};

/// An issuer whose published keys a test changes.
#[derive(Clone)]
struct Issuer {
    published: Arc<Mutex<Published>>,
    network: Scripted,
}

#[derive(Clone)]
enum Published {
    Keys(Vec<Value>),
    Nothing,
    Hangs,
}

impl Issuer {
    fn new() -> Self {
        let published = Arc::new(Mutex::new(Published::Nothing));
        let state = Arc::clone(&published);
        let network = Scripted::new(move |_| match state.lock().expect("not poisoned").clone() {
            Published::Keys(keys) => Reply::text(200, json!({ "keys": keys }).to_string()),
            Published::Nothing => Reply::refused(),
            Published::Hangs => Reply::Hang,
        });
        Self { published, network }
    }

    fn publish(&self, cores: &[&DevCore]) {
        let keys = cores
            .iter()
            .flat_map(|core| {
                let jwks = core.jwks().expect("keys");
                jwks["keys"].as_array().cloned().expect("keys")
            })
            .collect();
        *self.published.lock().expect("not poisoned") = Published::Keys(keys);
    }

    fn fall(&self, how: Published) {
        *self.published.lock().expect("not poisoned") = how;
    }

    fn fetches(&self) -> usize {
        self.network.sent().len()
    }

    async fn receiver(&self) -> M2m {
        let config = config(&core())
            .jwks(JwksSource::Sdk)
            .transport(self.network.shared());
        start(config).await
    }
}

fn token(core: &DevCore) -> String {
    sign(core, &header(), &claims())
}

fn unknown(core: &DevCore, number: usize) -> String {
    let mut header = header();
    header["kid"] = json!(format!("s-unknown-{number}"));
    sign(core, &header, &claims())
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_crowd_at_a_cold_start_causes_one_fetch() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let token = token(&core);
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let (m2m, token) = (m2m.clone(), token.clone());
            tokio::spawn(async move { verdict(&m2m, &token).await })
        })
        .collect();
    for one in crowd {
        assert_eq!(one.await.expect("no panic"), Ok(()));
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_and_a_removed_one_is_cut() {
    let (issuer, old, new) = (Issuer::new(), core(), core());
    issuer.publish(&[&old]);
    let m2m = issuer.receiver().await;
    assert_eq!(verdict(&m2m, &token(&old)).await, Ok(()));

    issuer.publish(&[&old, &new]);
    assert_eq!(
        verdict(&m2m, &token(&new)).await,
        Ok(()),
        "fetched for the unknown key id"
    );
    assert_eq!(issuer.fetches(), 2);

    issuer.publish(&[&new]);
    assert_eq!(
        verdict(&m2m, &token(&old)).await,
        Ok(()),
        "not yet known to be removed"
    );
    pass(601).await;
    assert_eq!(verdict(&m2m, &token(&old)).await, Err(Reason::UnknownKey));
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn invented_key_ids_do_not_become_fetches_and_hurt_nobody() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let good = token(&core);
    assert_eq!(verdict(&m2m, &good).await, Ok(()));
    for number in 0..600 {
        let refused = verdict(&m2m, &unknown(&core, number % 7)).await;
        assert!(
            matches!(refused, Err(Reason::UnknownKey | Reason::KeyUnconfirmed)),
            "{refused:?}"
        );
        assert_eq!(verdict(&m2m, &good).await, Ok(()));
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert!(
        issuer.fetches() <= 8,
        "{} fetches in 60 s",
        issuer.fetches()
    );

    let new = still::core();
    issuer.publish(&[&core, &new]);
    pass(10).await;
    assert_eq!(
        verdict(&m2m, &token(&new)).await,
        Ok(()),
        "a real key is found in 10 s"
    );
}

/// Nobody without a good-looking token makes us ask the issuer.
#[tokio::test(start_paused = true)]
async fn tokens_that_could_not_be_good_cause_no_fetch() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let mut expired = claims();
    expired["iat"] = json!(1);
    expired["exp"] = json!(2);
    let mut other = claims();
    other["iss"] = json!("https://evil.example");
    let session = core
        .create_session("user", serde_json::Map::new())
        .expect("a session");
    for token in [
        sign(&core, &header(), &expired),
        sign(&core, &header(), &other),
        session,
        "a.b.c".to_owned(),
        sign(&core, &json!({"alg": "none", "typ": "JWT"}), &claims()),
    ] {
        assert!(verdict(&m2m, &token).await.is_err());
    }
    assert_eq!(issuer.fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn known_keys_are_used_for_an_hour_while_the_issuer_is_away() {
    for how in [
        Published::Nothing,
        Published::Hangs,
        Published::Keys(Vec::new()),
    ] {
        let (issuer, core) = (Issuer::new(), core());
        issuer.publish(&[&core]);
        let m2m = issuer.receiver().await;
        let good = token(&core);
        assert_eq!(verdict(&m2m, &good).await, Ok(()));
        issuer.fall(how);
        let mut slowest = Duration::ZERO;
        for minute in 0..59 {
            pass(60).await;
            let asked_at = tokio::time::Instant::now();
            assert_eq!(verdict(&m2m, &good).await, Ok(()), "minute {minute}");
            slowest = slowest.max(asked_at.elapsed());
        }
        assert!(slowest <= Duration::from_secs(5), "{slowest:?}");
        pass(120).await;
        assert_eq!(verdict(&m2m, &good).await, Err(Reason::KeysUnavailable));

        issuer.publish(&[&core]);
        pass(10).await;
        assert_eq!(verdict(&m2m, &good).await, Ok(()), "it heals by itself");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_at_first_is_asked_again() {
    let (issuer, core) = (Issuer::new(), core());
    let m2m = issuer.receiver().await;
    let good = token(&core);
    for _ in 0..50 {
        assert_eq!(verdict(&m2m, &good).await, Err(Reason::KeysUnavailable));
    }
    assert!(issuer.fetches() <= 2, "{}", issuer.fetches());
    issuer.publish(&[&core]);
    pass(10).await;
    assert_eq!(verdict(&m2m, &good).await, Ok(()));
}

/// Callers who hang up must not keep a new key from being fetched.
#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_when_the_request_that_started_it_is_dropped() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let good = token(&core);
    {
        let mut asking = std::pin::pin!(verdict(&m2m, &good));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(asking.as_mut().poll(&mut context).is_pending());
    }
    // However many turns the fetch takes until it is sent.
    for _ in 0..1000 {
        if issuer.fetches() > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(issuer.fetches(), 1);
    assert_eq!(verdict(&m2m, &good).await, Ok(()));
    assert_eq!(issuer.fetches(), 1);
}

/// Callers who wait for the same failed fetch do not queue for one of their own each.
#[tokio::test(start_paused = true)]
async fn a_crowd_waits_once_for_an_issuer_that_hangs() {
    let core = core();
    let limit = Duration::from_secs(30);
    let hung = Issuer::new();
    hung.fall(Published::Hangs);
    let common = || {
        config(&core)
            .request_timeout(limit)
            .transport(hung.network.shared())
    };
    let two_hosts = "http://127.0.0.1:1;http://127.0.0.1:2";
    for config in [
        common().jwks(JwksSource::Sdk),
        common()
            .jwks(JwksSource::Core)
            .connection_uri(two_hosts)
            .mint(false),
    ] {
        let m2m = start(config).await;
        let crowd: Vec<_> = (0..50)
            .map(|number| {
                let (m2m, token) = (m2m.clone(), unknown(&core, number));
                tokio::spawn(async move { verdict(&m2m, &token).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let asked_at = tokio::time::Instant::now();
        assert_eq!(
            verdict(&m2m, &token(&core)).await,
            Err(Reason::KeysUnavailable)
        );
        assert!(asked_at.elapsed() <= limit, "{:?}", asked_at.elapsed());
        for one in crowd {
            assert_eq!(one.await.expect("no panic"), Err(Reason::KeysUnavailable));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_key_waits_a_second_at_most_for_an_issuer_that_hangs() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    issuer.fall(Published::Hangs);
    pass(601).await;
    let asked_at = tokio::time::Instant::now();
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    assert!(
        asked_at.elapsed() <= Duration::from_secs(1),
        "{:?}",
        asked_at.elapsed()
    );
}

/// A 401 makes good clients discard good tokens, so it needs an answer of the issuer that is younger than the request.
#[tokio::test(start_paused = true)]
async fn a_key_that_may_have_been_published_since_is_unconfirmed_rather_than_unknown() {
    let (issuer, core, new) = (Issuer::new(), core(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    for number in 0..2 {
        let refused = verdict(&m2m, &unknown(&core, number)).await;
        assert_eq!(refused, Err(Reason::UnknownKey));
    }
    issuer.publish(&[&core, &new]);
    assert_eq!(
        verdict(&m2m, &token(&new)).await,
        Err(Reason::KeyUnconfirmed)
    );
    pass(10).await;
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_the_whole_set_shares_the_fetches() {
    let (issuer, core) = (Issuer::new(), core());
    let m2m = issuer.receiver().await;
    for _ in 0..1000 {
        assert!(m2m.key_set().await.is_err());
    }
    assert!(issuer.fetches() <= 2, "{}", issuer.fetches());

    issuer.publish(&[&core]);
    pass(10).await;
    let before = issuer.fetches();
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let m2m = m2m.clone();
            tokio::spawn(async move { m2m.key_set().await.map(|keys| keys.iter().len()) })
        })
        .collect();
    for one in crowd {
        assert_eq!(one.await.expect("no panic").expect("keys"), 2);
    }
    assert_eq!(issuer.fetches() - before, 1);
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    assert_eq!(issuer.fetches() - before, 1, "guards use the same set");
}

/// A readiness probe with less patience than the issuer needs must not spend everybody's fetches.
#[tokio::test(start_paused = true)]
async fn whoever_gives_up_asking_for_the_set_leaves_the_fetch_to_the_others() {
    let core = core();
    let slow = Arc::new(Slow(core.clone(), Duration::from_millis(300)));
    let m2m = start(config(&core).jwks(JwksSource::Sdk).transport(slow)).await;
    for _ in 0..30 {
        let impatient = tokio::time::timeout(Duration::from_millis(100), m2m.key_set()).await;
        if impatient.is_ok() {
            break;
        }
        pass(1).await;
    }
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    assert!(m2m.key_set().await.is_ok());
}

/// An issuer that takes its time.
#[derive(Debug)]
struct Slow(DevCore, Duration);

impl st_m2m::transport::Transport for Slow {
    fn send(
        &self,
        request: st_m2m::transport::Request,
        _max_response_bytes: usize,
    ) -> st_m2m::transport::ResponseFuture<'_> {
        Box::pin(async move {
            tokio::time::sleep(self.1).await;
            Ok(self.0.handle(request).await)
        })
    }
}

/// A request that began to wait and is not polled any more, as a lost branch of a `select!`.
#[tokio::test(start_paused = true)]
async fn a_request_that_sleeps_keeps_nobody_from_fetching() {
    let (issuer, core, new) = (Issuer::new(), core(), core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let sleeping = unknown(&core, 1);
    let mut asleep = Box::pin(verdict(&m2m, &sleeping));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asleep.as_mut().poll(&mut context).is_pending());
    for _ in 0..1000 {
        if issuer.fetches() == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    issuer.publish(&[&core, &new]);
    pass(60).await;
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
    drop(asleep);
}

/// One host of two is broken: the other has the keys.
#[tokio::test(start_paused = true)]
async fn keys_come_from_the_host_that_has_them() {
    let core = Arc::new(core());
    let healthy = Arc::clone(&core);
    let network = Scripted::new(move |request| match request.uri().port_u16() {
        Some(1) => Reply::text(503, "maintenance"),
        _ => Reply::By(healthy.clone()),
    });
    let config = config(&core)
        .connection_uri("http://127.0.0.1:1;http://127.0.0.1:2")
        .jwks(JwksSource::Core)
        .mint(false)
        .transport(network.shared());
    let m2m = start(config).await;
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
}
