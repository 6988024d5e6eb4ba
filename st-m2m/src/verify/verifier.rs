//! Verifies tokens with the keys of one issuer.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Meters, PresentedToken, Reason, Refusal, Revocation, RevocationCheck, TokenKind,
    VerificationRules,
    cache::TokenCache,
    jws::Jws,
    revocation::Revocations,
    rules::{self, Facts},
    standing::Standing,
};
use crate::{
    clock::{Clock, RecentInstant},
    jwks::{Found, KeyStore, LookupError, VerificationKey},
};

/// Verifies the tokens of other services.
#[derive(Debug)]
pub(crate) struct Verifier {
    keys: KeyStore,
    rules: VerificationRules,
    clock: Arc<dyn Clock>,
    remembered: Option<Remembered>,
    remember_for: Duration,
    revocations: Revocations,
    revocation_check: Option<Arc<dyn RevocationCheck>>,
    meters: Meters,
}

/// Tokens that were verified a short while ago.
#[derive(Debug)]
struct Remembered {
    cache: TokenCache,
    recent: RecentInstant,
}

/// How a verifier remembers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheRules {
    /// Tokens, about; 0 remembers none.
    pub(crate) entries: usize,
    /// After this time a token is verified anew.
    pub(crate) longest: Duration,
}

/// A service's token that satisfied every rule.
pub(crate) struct Verified {
    pub(crate) facts: Facts,
    /// All claims, as JSON text.
    pub(crate) claims: String,
    /// The key that verified it.
    key: Arc<VerificationKey>,
    /// Whether that key is still in use.
    key_standing: Standing,
    /// Whether the process's own list of revocations does not hold the token.
    unrevoked_standing: Standing,
    /// It is verified anew from then on.
    remembered_until: Instant,
}

impl Verifier {
    pub(crate) fn new(
        keys: KeyStore,
        rules: VerificationRules,
        cache: CacheRules,
        revocation_check: Option<Arc<dyn RevocationCheck>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let meters = Meters::new();
        Self {
            keys,
            rules,
            clock,
            remembered: (cache.entries > 0).then(|| Remembered {
                cache: TokenCache::new(cache.entries, &meters),
                recent: RecentInstant::new(),
            }),
            remember_for: cache.longest,
            revocations: Revocations::default(),
            revocation_check,
            meters,
        }
    }

    /// The issuer's keys.
    pub(crate) fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// What is counted.
    pub(crate) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// What is known of a token that was verified a short while ago, if nothing has changed that mattered for it. It takes
    /// the bytes as they came: what equals a token that was verified needs no other look.
    pub(crate) fn recall(&self, token: &[u8]) -> Option<Result<Arc<Verified>, Refusal>> {
        let remembered = self.remembered.as_ref()?;
        let Some(verified) = remembered.cache.get(token) else {
            self.meters.token_not_remembered();
            return None;
        };
        if !self.still_holds(&verified, remembered) {
            remembered.cache.forget(token, &verified);
            self.meters.token_not_remembered();
            return None;
        }
        self.meters.token_remembered();
        Some(self.admit(verified))
    }

    /// Whether a remembered token would be verified again: all that time, keys and revocations can change.
    fn still_holds(&self, verified: &Verified, remembered: &Remembered) -> bool {
        let now = self.clock.unix_seconds();
        // Ages are told by a clock that cannot be set back.
        let recent = remembered.recent.at(now);
        rules::check_dates(verified.facts.dates, &self.rules, now).is_ok()
            && recent < verified.remembered_until
            && self.keys.current(recent).is_some_and(|current| {
                current.as_ref().is_some_and(|snapshot| {
                    verified.key_standing.holds(snapshot.generation, || {
                        let candidates = snapshot.candidates(&verified.facts.key_id);
                        candidates.is_some_and(|it| it.contains(&verified.key))
                    })
                })
            })
            && self.is_not_revoked(verified)
    }

    /// Verifies a service's token.
    ///
    /// The rules run before the signature is checked and before any key is fetched, on the very bytes that are
    /// then checked: what they accept still needs the signature, and what they refuse costs nothing. When the key
    /// is known, the answer is ready at the first poll.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Verified>, Refusal> {
        let now = Instant::now();
        let jws = Jws::split(token)?;
        let facts = rules::check(
            jws.header(),
            jws.payload(),
            &self.rules,
            self.clock.unix_seconds(),
        )?;
        let known = self.keys.known(&facts.key_id, now);
        let signer = match known.map(|found| signer(&jws, &found)) {
            // Boxed, since it is seldom needed and makes the future of every request larger.
            None | Some(Err(Reason::KeyUnconfirmed)) => Box::pin(self.seek(&jws, &facts)).await,
            Some(signer) => signer.map_err(Refusal::from),
        };
        let (key, generation) = signer.map_err(|refusal| refusal.of(facts.kind))?;
        let verified = Arc::new(Verified {
            facts,
            claims: jws.into_payload(),
            key,
            key_standing: Standing::new(generation),
            // The list was empty then.
            unrevoked_standing: Standing::new(0),
            remembered_until: now + self.remember_for,
        });
        if !self.is_not_revoked(&verified) {
            return Err(revoked(&verified));
        }
        if let Some(remembered) = &self.remembered {
            remembered.cache.insert(token.as_bytes(), &verified);
        }
        self.admit(verified)
    }

    /// The key that signed the token, where none at hand did, and the generation of its set.
    async fn seek(
        &self,
        jws: &Jws<'_>,
        facts: &Facts,
    ) -> Result<(Arc<VerificationKey>, u64), Refusal> {
        let found = self.keys.sought(&facts.key_id).await;
        let found = found.map_err(|error| Refusal::found(reason(error), &facts.key_id))?;
        // Time has passed.
        rules::check_dates(facts.dates, &self.rules, self.clock.unix_seconds())?;
        Ok(signer(jws, &found)?)
    }

    /// Whether a token was verified a short while ago, as far as that is known without a look at anything else.
    pub(crate) fn remembers(&self, token: &[u8]) -> bool {
        self.remembered
            .as_ref()
            .is_some_and(|it| it.cache.get(token).is_some())
    }

    /// Whether a token has the form of one that services present here, good or bad.
    pub(crate) fn is_for_services(&self, token: &str) -> bool {
        match rules::kind_of(token) {
            Some(TokenKind::Service) => true,
            Some(TokenKind::OAuth2Access) => self.rules.oauth2_clients.is_some(),
            _ => false,
        }
    }

    /// Whether one of the issuer's keys signed a token: the one that it names, or any where it can name none.
    pub(crate) async fn check_signature(
        &self,
        signing_input: &[u8],
        signature: &[u8],
        key_id: Option<&str>,
    ) -> Result<(), Reason> {
        let signed_by = |keys: &[Arc<VerificationKey>]| {
            if keys.iter().any(|it| it.verifies(signing_input, signature)) {
                Ok(())
            } else {
                Err(Reason::BadSignature)
            }
        };
        let Some(key_id) = key_id else {
            if self.keys.current(Instant::now()).is_none() {
                // It waits for a set as those with an unknown key do. No key has an empty id, so how that ends says nothing.
                let _ = Box::pin(self.keys.sought("")).await;
            }
            let current = self.keys.current(Instant::now());
            let snapshot = current.as_deref().and_then(Option::as_ref);
            return signed_by(&snapshot.ok_or(Reason::KeysUnavailable)?.every());
        };
        if let Some(found) = self.keys.known(key_id, Instant::now()) {
            let outcome = signed_by(found.candidates.as_slice());
            if outcome.is_ok() || !found.is_stopgap {
                return outcome;
            }
        }
        // Boxed, as for services.
        let found = Box::pin(self.keys.sought(key_id)).await.map_err(reason)?;
        signed_by(found.candidates.as_slice())
    }

    /// Forgets every remembered token; each is verified anew when it comes again.
    pub(crate) fn forget(&self) {
        if let Some(remembered) = &self.remembered {
            remembered.cache.clear();
        }
    }

    /// How many tokens are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.remembered.as_ref().map_or(0, |it| it.cache.len())
    }

    /// Refuses tokens from now on; false when the list is full.
    pub(crate) fn revoke(&self, revocation: Revocation) -> bool {
        self.revocations.add(revocation)
    }

    /// Whether the process's own list does not hold the token.
    fn is_not_revoked(&self, verified: &Verified) -> bool {
        // The version of before the search: what is added meanwhile is searched for the next time.
        let version = self.revocations.version();
        verified
            .unrevoked_standing
            .holds(version, || !self.revocations.contain(verified))
    }

    /// What is asked each time, of a token that is good. Its answer depends on more than the token, or may change without
    /// our knowing.
    fn admit(&self, verified: Arc<Verified>) -> Result<Arc<Verified>, Refusal> {
        if let Some(check) = &self.revocation_check
            && check.is_revoked(&PresentedToken::new(&verified))
        {
            return Err(revoked(&verified));
        }
        // Last, because it is answered 403: only a good token earns that.
        if !verified.facts.is_for_us {
            let found = rules::audience(&verified.claims);
            return Err(Refusal::found(Reason::AudienceNotAccepted, &found).of(verified.facts.kind));
        }
        Ok(verified)
    }
}

/// Shows whose token it is, and no claim that an application made.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("subject", &self.facts.subject)
            .field("kind", &self.facts.kind)
            .field("key_id", &self.facts.key_id)
            .finish_non_exhaustive()
    }
}

/// Whether a receiver with these rules would accept the token, if its signature is good. For the service that the
/// token was minted for, which need not have the keys.
pub(crate) fn check_without_signature(
    token: &str,
    rules: &VerificationRules,
    now: u64,
) -> Result<(), Refusal> {
    let jws = Jws::split(token)?;
    rules::check(jws.header(), jws.payload(), rules, now).map(|_| ())
}

/// The refusal of a token that is revoked, with whose it is.
fn revoked(verified: &Verified) -> Refusal {
    let subject = verified.facts.subject.as_deref().unwrap_or("no `sub`");
    Refusal::found(Reason::Revoked, subject).of(verified.facts.kind)
}

/// The key that signed the token, and the generation of its set.
fn signer(jws: &Jws<'_>, found: &Found) -> Result<(Arc<VerificationKey>, u64), Reason> {
    let mut candidates = found.candidates.as_slice().iter();
    match candidates.find(|key| key.verifies(jws.signing_input, &jws.signature)) {
        Some(key) => Ok((Arc::clone(key), found.generation)),
        None if found.is_stopgap => Err(Reason::KeyUnconfirmed),
        None => Err(Reason::BadSignature),
    }
}

fn reason(error: LookupError) -> Reason {
    match error {
        LookupError::Unknown => Reason::UnknownKey,
        LookupError::Unconfirmed => Reason::KeyUnconfirmed,
        LookupError::Unavailable => Reason::KeysUnavailable,
    }
}
