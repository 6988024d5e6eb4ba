//! What is counted.

use std::collections::BTreeMap;

use metrics_util::{
    MetricKind,
    debugging::{DebugValue, DebuggingRecorder, Snapshotter},
};
use serde_json::json;
use st_m2m::M2m;
use st_m2m_tests::{
    still::{flowing_clock, shared_core},
    verdict::verdict,
};

use crate::issuer::{
    Issuer, Published, minutes, pass, seconds, start, token, token_with, two_cores, verdict_at_once,
};

/// Every counter since the last look, and every gauge, as `name{label=value}`; and that each is of the kind that its name
/// says.
fn taken(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let values = snapshotter.snapshot().into_vec().into_iter();
    values
        .map(|(key, _, _, value)| {
            let labels: Vec<_> = key
                .key()
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let name = key.key().name();
            let value = match value {
                DebugValue::Counter(count) => {
                    assert!(name.ends_with("_total"), "{name}");
                    assert_eq!(key.kind(), MetricKind::Counter);
                    f64::from(u32::try_from(count).expect("a small count"))
                }
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(_) => panic!("{name} is a histogram"),
            };
            (format!("{name}{{{}}}", labels.join(",")), value)
        })
        .collect()
}

#[track_caller]
fn assert_taken(snapshotter: &Snapshotter, expected: &[(&str, f64)]) {
    let taken = taken(snapshotter);
    for (name, value) in expected {
        let found = taken.get(&format!("st_m2m_{name}"));
        assert_eq!(found, Some(value), "{name} in {taken:#?}");
    }
}

/// Each verification counts once, under its kind, outcome and reason.
#[tokio::test(start_paused = true)]
async fn verifications_and_remembered_tokens_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let m2m = start(
        issuer
            .config()
            .token_cache_entries(1)
            .accept_oauth2_clients(true),
    )
    .await;
    m2m.ready(seconds(1)).await.expect("ready");
    let verdicts = |m2m: &M2m, tokens: &[String]| {
        for token in tokens {
            let _ = verdict_at_once(m2m, token);
        }
    };
    let one = token(&core);
    let other = token_with(&core, "jti", &json!("2"));
    let session = core
        .create_session("user", serde_json::Map::new())
        .expect("a session");
    let client = token_with(&core, "stt", &json!(1));
    let expired = token_with(&core, "exp", &json!(1));
    let nonsense = "nonsense".to_owned();
    verdicts(&m2m, &[one.clone(), one.clone(), one]);
    verdicts(&m2m, &[session, client, expired, nonsense]);
    assert_taken(
        &snapshotter,
        &[
            (
                "verifications_total{kind=service,outcome=accepted,reason=}",
                3.0,
            ),
            (
                "verifications_total{kind=session,outcome=refused,reason=wrong_kind_session}",
                1.0,
            ),
            (
                "verifications_total{kind=oauth2_access,outcome=refused,reason=client_id_missing}",
                1.0,
            ),
            (
                "verifications_total{kind=service,outcome=refused,reason=expiry_not_after_issue}",
                1.0,
            ),
            (
                "verifications_total{kind=unknown,outcome=refused,reason=malformed_token}",
                1.0,
            ),
            ("token_cache_hits_total{}", 2.0),
            ("token_cache_misses_total{}", 5.0),
        ],
    );
    verdicts(&m2m, &[other.clone(), other]);
    for number in 0..100 {
        let further = token_with(&core, "jti", &json!(format!("further {number}")));
        assert_eq!(verdict_at_once(&m2m, &further), Ok(()));
    }
    let evicted = taken(&snapshotter)["st_m2m_token_cache_evictions_total{}"];
    assert!(evicted > 90.0, "{evicted}");
}

/// Fetches are counted by what they found, and the age of the keys is told with each.
#[tokio::test(start_paused = true)]
async fn fetches_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old]);
    let m2m = issuer.receiver_in_time(flowing_clock()).await;
    m2m.ready(seconds(1)).await.expect("ready");
    for _ in 0..3 {
        m2m.reload().await.expect("keys");
    }
    issuer.publish(&[&old, &new]);
    m2m.reload().await.expect("keys");
    assert_taken(
        &snapshotter,
        &[
            ("key_fetches_total{outcome=changed}", 2.0),
            ("key_fetches_total{outcome=unchanged}", 3.0),
            ("key_set_keys{}", 4.0),
            ("key_set_age_seconds{}", 0.0),
        ],
    );
    // Two keys with one id, of which nobody can say which is right.
    let mut conflicting = crate::issuer::keys(&old);
    let mut other = crate::issuer::keys(&new)[0].clone();
    other["kid"] = conflicting[0]["kid"].clone();
    conflicting.push(other);
    issuer.become_(Published::Keys(conflicting));
    for _ in 0..2 {
        m2m.reload().await.expect("keys");
    }
    let conflict = "keys_skipped_total{reason=another key with the same kid}";
    assert_taken(&snapshotter, &[(conflict, 1.0), ("key_set_keys{}", 1.0)]);
    issuer.become_(Published::Down);
    pass(minutes(30)).await;
    let during = taken(&snapshotter);
    let age = during["st_m2m_key_set_age_seconds{}"];
    assert!((1700.0..=1800.0).contains(&age), "{age}");
    let failed = during["st_m2m_key_fetches_total{outcome=failed}"];
    assert!((40.0..=200.0).contains(&failed), "{failed}");
    pass(minutes(31)).await;
    assert_taken(&snapshotter, &[("key_set_keys{}", 0.0)]);
    let refused = verdict(&m2m, &token(&old)).await;
    assert!(refused.is_err());
    assert_taken(
        &snapshotter,
        &[(
            "verifications_total{kind=service,outcome=refused,reason=keys_unavailable}",
            1.0,
        )],
    );
}
