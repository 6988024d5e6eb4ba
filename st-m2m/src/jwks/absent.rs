//! Key ids that the issuer does not have.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

/// Ids that are remembered at most; the oldest go first.
const MOST: usize = 256;
/// How long the issuer's word counts. A client with a token of another core, say, repeats its key id, and must not use up
/// the fetches that find a new key.
const FOR: Duration = Duration::from_secs(10);

/// Key ids that a successful fetch did not find, for a while.
#[derive(Debug, Default)]
pub(super) struct Absent {
    by_id: HashMap<Arc<str>, Instant>,
    /// In the order in which they were asked for.
    order: VecDeque<(Instant, Arc<str>)>,
}

impl Absent {
    /// Remembers an id that a set fetched at `asked_at` did not have.
    pub(super) fn insert(&mut self, key_id: &str, asked_at: Instant) {
        if self.order.len() == MOST {
            self.forget_oldest();
        }
        let key_id: Arc<str> = key_id.into();
        self.by_id.insert(Arc::clone(&key_id), asked_at);
        self.order.push_back((asked_at, key_id));
    }

    /// Whether the issuer did not have this id a short while ago.
    pub(super) fn contains(&mut self, key_id: &str, now: Instant) -> bool {
        while let Some((asked_at, _)) = self.order.front()
            && now.duration_since(*asked_at) >= FOR
        {
            self.forget_oldest();
        }
        // One that came earlier may stand behind the front: those who waited come in any order.
        self.by_id
            .get(key_id)
            .is_some_and(|asked_at| now.duration_since(*asked_at) < FOR)
    }

    /// Forgets all: the set has changed.
    pub(super) fn clear(&mut self) {
        self.by_id.clear();
        self.order.clear();
    }

    fn forget_oldest(&mut self) {
        if let Some((asked_at, key_id)) = self.order.pop_front()
            // It may have been asked for again since.
            && self.by_id.get(&key_id) == Some(&asked_at)
        {
            self.by_id.remove(&key_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_remembered_for_ten_seconds() {
        let start = Instant::now();
        let mut absent = Absent::default();
        absent.insert("s-1", start);
        assert!(absent.contains("s-1", start + Duration::from_millis(9_999)));
        assert!(!absent.contains("s-2", start));
        assert!(!absent.contains("s-1", start + FOR));
        absent.insert("s-1", start);
        absent.insert("s-1", start + Duration::from_secs(5));
        assert!(absent.contains("s-1", start + FOR), "the newer word counts");
        absent.insert("s-2", start + Duration::from_secs(2));
        assert!(
            !absent.contains("s-2", start + Duration::from_secs(12)),
            "behind a later one"
        );
        absent.clear();
        assert!(!absent.contains("s-1", start));
    }

    #[test]
    fn no_more_are_remembered_than_a_few_hundred() {
        let start = Instant::now();
        let mut absent = Absent::default();
        for number in 0..10_000 {
            absent.insert(&format!("s-{number}"), start);
        }
        assert_eq!((absent.by_id.len(), absent.order.len()), (MOST, MOST));
        assert!(absent.contains("s-9999", start));
        assert!(!absent.contains("s-1", start));
    }
}
