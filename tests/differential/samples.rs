//! The tokens that everybody judges.

use serde_json::{Map, Value, json};
use st_m2m_tests::still::NOW;

use crate::{
    changes::{self, Change, GOOD},
    draft::{Draft, set},
    keys::{IssuerKey, Keys},
    random::Random,
};

const SEED: u64 = 0x5eed_0f57_a2d0_0001;
const PAIRS: usize = 1300;
const RANDOM_CLAIMS: usize = 250;
const FLIPS_PER_SEGMENT: usize = 120;
const CUTS: usize = 120;

/// A token and what is known of it.
pub(crate) struct Sample {
    pub(crate) about: &'static str,
    pub(crate) what: String,
    pub(crate) token: String,
    /// The samples, by index, whose changes this one has both.
    pub(crate) both: Option<[usize; 2]>,
}

impl Sample {
    fn new(about: &'static str, what: impl Into<String>, token: String) -> Self {
        let what = what.into();
        Self {
            about,
            what,
            token,
            both: None,
        }
    }
}

/// The same tokens in every run, but for the keys and what they sign.
pub(crate) fn all(keys: &Keys) -> Vec<Sample> {
    let mut random = Random::new(SEED);
    let changes = changes::all();
    let mut samples = single(&changes, keys, &mut random);
    samples.extend(pairs(&changes, keys, &mut random));
    samples.extend(random_claims(keys, &mut random));
    samples.extend(other_kinds(keys));
    samples.extend(damaged(keys, &mut random));
    samples.extend(swapped(keys));
    samples
}

fn draft(random: &mut Random) -> Draft {
    Draft::good(*random.one_of(&[IssuerKey::Static, IssuerKey::Dynamic, IssuerKey::Raw]))
}

/// Each change alone, at the change's index.
fn single(changes: &[Change], keys: &Keys, random: &mut Random) -> Vec<Sample> {
    let sample = |change: &Change| {
        let mut draft = draft(random);
        change.apply(&mut draft);
        Sample::new(change.about, change.what.clone(), draft.build(keys))
    };
    changes.iter().map(sample).collect()
}

/// Two changes in one token.
fn pairs(changes: &[Change], keys: &Keys, random: &mut Random) -> Vec<Sample> {
    let mut pairs = Vec::new();
    while pairs.len() < PAIRS {
        let both = [random.below(changes.len()), random.below(changes.len())];
        let [one, other] = both.map(|index| &changes[index]);
        if !one.combines_with(other) {
            continue;
        }
        let mut draft = draft(random);
        one.apply(&mut draft);
        other.apply(&mut draft);
        let what = format!("{}; {}", one.what, other.what);
        let sample = Sample::new("two changes", what, draft.build(keys));
        pairs.push(Sample {
            both: Some(both),
            ..sample
        });
    }
    pairs
}

/// Good tokens with any further claims.
fn random_claims(keys: &Keys, random: &mut Random) -> Vec<Sample> {
    let sample = |number: usize| {
        let mut draft = draft(random);
        for claim in 0..=random.below(5) {
            let value = random.json(4);
            set(&mut draft.claims, &format!("claim {claim}"), &value);
        }
        let validity = random.one_of(&[1, 60, 3600, 86_400, 3_153_600_000]);
        set(&mut draft.claims, "exp", &(NOW + validity).to_string());
        let last = random.below(draft.claims.len());
        draft.claims.swap(0, last);
        Sample::new(GOOD, format!("random claims {number}"), draft.build(keys))
    };
    (0..RANDOM_CLAIMS).map(sample).collect()
}

/// The other kinds of token that one key set signs, as their issuer writes them and as an attacker would have them.
fn other_kinds(keys: &Keys) -> Vec<Sample> {
    let object = |value: Value| value.as_object().cloned().expect("an object");
    let issuer = "https://api.example.com";
    let mut samples = Vec::new();
    for (what, claims) in [
        ("as the core writes it", json!({})),
        (
            "with further claims",
            json!({"role": "admin", "st-ev": {"v": true, "t": 1}}),
        ),
        ("that claims the issuer", json!({"iss": issuer})),
        (
            "that claims to be a service's",
            json!({"iss": issuer, "source": "microservice"}),
        ),
        (
            "that claims to be a service's, with an audience",
            json!({"iss": issuer, "source": "microservice", "aud": "orders"}),
        ),
    ] {
        for user in ["user-1", "orders"] {
            let token = keys
                .core
                .create_session(user, object(claims.clone()))
                .expect("a session");
            samples.push(Sample::new(
                "session",
                format!("{user}'s session {what}"),
                token,
            ));
        }
    }
    let header = json!({"typ": "JWT", "alg": "RS256"});
    let access = json!({
        "iss": "https://api.example.com/auth", "sub": "stcl_1", "client_id": "stcl_1", "scp": ["a"], "aud": ["b"],
        "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "jti": "1", "stt": 1, "gid": "2", "ext": {},
    });
    let id = json!({
        "iss": "https://api.example.com/auth", "sub": "user-1", "aud": "stcl_1", "iat": NOW, "exp": NOW + 3600,
        "auth_time": NOW, "stt": 2, "at_hash": "x", "sid": "y", "nonce": "z",
    });
    let visitor =
        json!({"iss": issuer, "iat": NOW, "exp": NOW + 86_400, "theme": "dark", "sub": "visitor"});
    for (name, claims) in [
        ("OAuth2 access token", access),
        ("ID token", id),
        ("visitor's JWT", visitor),
    ] {
        for (how, extra) in [
            ("as its issuer writes it", json!({})),
            ("with the services' issuer", json!({"iss": issuer})),
            (
                "that claims to be a service's",
                json!({"iss": issuer, "source": "microservice"}),
            ),
        ] {
            for key in [st_m2m::SigningKey::Static, st_m2m::SigningKey::Dynamic] {
                let claims: Map<_, _> = object(claims.clone())
                    .into_iter()
                    .chain(object(extra.clone()))
                    .collect();
                let about = match name {
                    "visitor's JWT" if claims.contains_key("source") => GOOD,
                    "visitor's JWT" => "source",
                    _ => "stt",
                };
                let token = keys.core_token(key, object(header.clone()), claims);
                samples.push(Sample::new(
                    about,
                    format!("{name} {how}, {key:?} key"),
                    token,
                ));
            }
        }
    }
    samples
}

/// Tokens with one bit changed, and the beginnings of tokens.
fn damaged(keys: &Keys, random: &mut Random) -> Vec<Sample> {
    let mut samples = Vec::new();
    for segment in 0..3 {
        for _ in 0..FLIPS_PER_SEGMENT {
            let mut segments: Vec<_> = draft(random)
                .build(keys)
                .split('.')
                .map(str::to_owned)
                .collect();
            let mut bytes = segments[segment].clone().into_bytes();
            // Not of the last character: some of its bits may mean nothing, see `segments`. And the eighth bit would
            // leave no text.
            let (at, bit) = (random.below(bytes.len() - 1), random.below(7));
            bytes[at] ^= 1 << bit;
            segments[segment] = String::from_utf8(bytes).expect("ASCII");
            let what = format!("bit {bit} of character {at} of segment {segment}");
            samples.push(Sample::new("flipped bit", what, segments.join(".")));
        }
    }
    let whole = draft(random).build(keys);
    for _ in 0..CUTS {
        let end = random.below(whole.len());
        samples.push(Sample::new(
            "cut",
            format!("the first {end} characters"),
            whole[..end].to_owned(),
        ));
        samples.push(Sample::new(
            "cut",
            format!("without the first {end} characters, and one"),
            whole[end + 1..].to_owned(),
        ));
    }
    samples
}

/// Segments of two good tokens.
fn swapped(keys: &Keys) -> Vec<Sample> {
    let token = |key, subject: &str| {
        let mut draft = Draft::good(key);
        set(&mut draft.claims, "sub", &format!("\"{subject}\""));
        draft.build(keys)
    };
    let mut samples = Vec::new();
    for (one, other) in [
        (IssuerKey::Static, IssuerKey::Dynamic),
        (IssuerKey::Dynamic, IssuerKey::Static),
        (IssuerKey::Raw, IssuerKey::Static),
        (IssuerKey::Raw, IssuerKey::Raw),
    ] {
        let [first, second] = [token(one, "orders"), token(other, "billing")];
        let [first, second] = [&first, &second].map(|it| it.split('.').collect::<Vec<_>>());
        for from_second in 1..7_u8 {
            let segments: Vec<_> = (0..3)
                .map(|place| {
                    if from_second & (1 << place) == 0 {
                        first[place]
                    } else {
                        second[place]
                    }
                })
                .collect();
            // Two tokens of one key have one header.
            let whole = one == other && matches!(from_second, 1 | 6);
            let about = if whole { GOOD } else { "swapped" };
            let what = format!("segments of {one:?} and {other:?}: {from_second:03b}");
            samples.push(Sample::new(about, what, segments.join(".")));
        }
    }
    samples
}
