//! Several sources of keys, in order.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use st_m2m::{ConfigBuilder, JwksSource, M2m, Reason, jwks::KeySet};
use st_m2m_tests::{
    still::shared_core,
    transport::{Reply, Scripted},
    verdict::verdict,
};

use crate::issuer::{
    Issuer, Published, minutes, pass, seconds, start, token, two_cores, verdict_at_once,
};

fn url(host: &str) -> JwksSource {
    JwksSource::Url(format!("https://{host}.example/jwks.json"))
}

/// A receiver that asks one host, and then another.
async fn receiver_of_two(network: &Scripted) -> M2m {
    let sources = JwksSource::InOrder(vec![url("one"), url("two")]);
    let config = Issuer::new().config().jwks(sources);
    start(config.transport(network.shared())).await
}

/// The first that has a set wins; those behind it are not asked.
#[tokio::test(start_paused = true)]
async fn the_first_source_with_keys_wins() {
    let (first, second) = two_cores();
    let broken = Arc::new(AtomicBool::new(false));
    let (one, other, is_broken) = (first.clone(), second.clone(), Arc::clone(&broken));
    let network = Scripted::new(move |request| match request.uri().host() {
        Some("one.example") if is_broken.load(Ordering::Relaxed) => Reply::text(500, ""),
        Some("one.example") => Reply::text(200, one.jwks().expect("keys").to_string()),
        Some("two.example") => Reply::text(200, other.jwks().expect("keys").to_string()),
        host => panic!("asked {host:?}"),
    });
    let m2m = receiver_of_two(&network).await;
    assert_eq!(verdict(&m2m, &token(&first)).await, Ok(()));
    assert_eq!(network.sent().len(), 1);
    broken.store(true, Ordering::Relaxed);
    m2m.reload().await.expect("keys");
    assert_eq!(verdict(&m2m, &token(&second)).await, Ok(()));
    assert_eq!(verdict(&m2m, &token(&first)).await, Err(Reason::UnknownKey));
}

/// A source that hangs leaves time for the next.
#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_leaves_time_for_the_next() {
    let core = shared_core();
    let jwks = core.jwks().expect("keys").to_string();
    let network = Scripted::new(move |request| match request.uri().host() {
        Some("one.example") => Reply::Hang,
        _ => Reply::text(200, jwks.clone()),
    });
    let m2m = receiver_of_two(&network).await;
    m2m.ready(seconds(3)).await.expect("ready");
    assert_eq!(verdict_at_once(&m2m, &token(&core)), Ok(()));
}

/// What went wrong at each of them is told.
#[tokio::test(start_paused = true)]
async fn the_errors_of_all_sources_are_told() {
    let network = Scripted::new(|request| match request.uri().host() {
        Some("one.example") => Reply::text(404, ""),
        _ => Reply::text(200, "not JSON"),
    });
    let m2m = receiver_of_two(&network).await;
    let error = m2m
        .ready(seconds(1))
        .await
        .expect_err("no keys")
        .to_string();
    for part in [
        "https://one.example/jwks.json answered with status 404",
        "the keys of https://two.example/jwks.json: not a JWKS document",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

/// A seed serves until the issuer has answered, and never again: a key that the issuer has removed does not come back when
/// the issuer is away.
#[tokio::test(start_paused = true)]
async fn a_seed_serves_until_the_issuer_has_answered() {
    let (issuer, (pinned, other)) = (Issuer::new(), two_cores());
    let seed = JwksSource::Document(pinned.jwks().expect("keys").to_string());
    let m2m = start(issuer.config().jwks_seed(seed)).await;
    let status = m2m.status();
    assert!(status.is_ready() && status.keys_are_pinned() && !status.keys_are_fresh());
    assert_eq!(verdict_at_once(&m2m, &token(&pinned)), Ok(()));
    assert_eq!(
        verdict(&m2m, &token(&other)).await,
        Err(Reason::KeyUnconfirmed),
        "the document does not know what the issuer has"
    );

    issuer.publish(&[&other]);
    m2m.reload().await.expect("keys");
    let status = m2m.status();
    assert!(!status.keys_are_pinned() && status.keys_are_fresh());
    assert_eq!(verdict_at_once(&m2m, &token(&other)), Ok(()));
    assert_eq!(
        verdict(&m2m, &token(&pinned)).await,
        Err(Reason::UnknownKey)
    );

    issuer.become_(Published::Down);
    pass(minutes(59)).await;
    assert_eq!(verdict_at_once(&m2m, &token(&other)), Ok(()));
    pass(minutes(2)).await;
    for core in [&other, &pinned] {
        assert_eq!(
            verdict(&m2m, &token(core)).await,
            Err(Reason::KeysUnavailable)
        );
    }
}

/// A PEM key has no id. That it did not sign a token says nothing while it stands in for the issuer's keys: a good token
/// waits for those, or is told to come back.
#[tokio::test(start_paused = true)]
async fn a_pem_key_does_not_speak_for_an_issuer_that_was_not_heard() {
    let (pinned, other) = two_cores();
    let issuer = Issuer::with_latency(Duration::from_millis(50));
    let keys = KeySet::from_json(&pinned.jwks().expect("keys").to_string()).expect("keys");
    let pem = keys.static_keys().next().expect("a key").to_pem();
    let config = issuer
        .config()
        .jwks_seed(JwksSource::Pem(pem.expect("PEM")));
    let m2m = start(config.clone()).await;
    assert_eq!(verdict_at_once(&m2m, &token(&pinned)), Ok(()));
    assert_eq!(
        verdict(&m2m, &token(&other)).await,
        Err(Reason::KeyUnconfirmed)
    );
    issuer.publish(&[&other]);
    pass(seconds(20)).await;
    for (core, expected) in [(&other, Ok(())), (&pinned, Err(Reason::UnknownKey))] {
        assert_eq!(verdict(&m2m, &token(core)).await, expected);
    }

    // The first request, before the first fetch.
    let m2m = start(config).await;
    assert_eq!(verdict(&m2m, &token(&other)).await, Ok(()));
}

/// A document that has not changed is not sent again, and counts as fetched.
#[tokio::test(start_paused = true)]
async fn an_unchanged_document_is_not_sent_again() {
    let core = shared_core();
    let answering = core.clone();
    let network = Scripted::new(move |_| Reply::By(Arc::new(answering.clone())));
    let config = Issuer::new().config().transport(network.shared());
    let m2m = start(config).await;
    m2m.ready(seconds(1)).await.expect("ready");
    let token = token(&core);
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    pass(minutes(60)).await;
    let sent = network.sent();
    assert!(sent.len() > 5, "{}", sent.len());
    assert!(!sent[0].headers().contains_key(IF_NONE_MATCH));
    let tag = core.handle(sent[0].clone()).await.headers()[ETAG].clone();
    for request in &sent[1..] {
        assert_eq!(request.headers()[IF_NONE_MATCH], tag);
        assert_eq!(core.handle(request.clone()).await.status(), 304);
    }
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    assert!(m2m.status().keys_are_fresh());
    assert_eq!(m2m.status().keys_generation(), 1);
}

/// A cache on the way may keep the document for a week, as a core allows. It is told to ask, so it keeps no key alive.
#[tokio::test(start_paused = true)]
async fn a_cache_on_the_way_keeps_no_removed_key_alive() {
    let (old, new) = two_cores();
    let documents = [&old, &new].map(|core| core.jwks().expect("keys").to_string());
    let is_removed = Arc::new(AtomicBool::new(false));
    let (removed, kept) = (Arc::clone(&is_removed), OnceLock::new());
    let cache = Scripted::new(move |request| {
        let fetched = documents[usize::from(removed.load(Ordering::Relaxed))].clone();
        let may_answer = request
            .headers()
            .get(CACHE_CONTROL)
            .is_none_or(|it| it != "no-cache");
        let stored: &String = kept.get_or_init(|| fetched.clone());
        Reply::text(200, if may_answer { stored } else { &fetched })
    });
    let m2m = start(Issuer::new().config().transport(cache.shared())).await;
    m2m.ready(seconds(1)).await.expect("ready");
    assert_eq!(verdict_at_once(&m2m, &token(&old)), Ok(()));
    is_removed.store(true, Ordering::Relaxed);
    m2m.reload().await.expect("keys");
    assert_eq!(verdict(&m2m, &token(&old)).await, Err(Reason::UnknownKey));
    assert_eq!(verdict_at_once(&m2m, &token(&new)), Ok(()));
}

/// A 304 to a request that asked for no such thing is no answer.
#[tokio::test(start_paused = true)]
async fn not_modified_without_being_asked_is_an_error() {
    let network = Scripted::answering(304, "");
    let config = Issuer::new().config().transport(network.shared());
    let error = start(config)
        .await
        .ready(seconds(1))
        .await
        .expect_err("no keys");
    assert!(error.to_string().contains("status 304"), "{error}");
}

/// One host of two is broken: the other has the keys.
#[tokio::test(start_paused = true)]
async fn keys_come_from_the_core_that_has_them() {
    let core = Arc::new(shared_core());
    let healthy = Arc::clone(&core);
    let network = Scripted::new(move |request| match request.uri().port_u16() {
        Some(1) => Reply::text(503, "maintenance"),
        _ => Reply::By(healthy.clone()),
    });
    let two = |config: ConfigBuilder| {
        config
            .connection_uri("http://127.0.0.1:1;http://127.0.0.1:2")
            .jwks(JwksSource::Core)
            .mint(false)
            .transport(network.shared())
    };
    let m2m = start(two(Issuer::new().config())).await;
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
}
