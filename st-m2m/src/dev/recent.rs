//! What is kept in memory, and bounded there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How much memory an entry takes, roughly.
pub(super) trait Weight {
    /// Bytes of its texts.
    fn bytes(&self) -> usize;
}

/// The newest entries by key, in the order in which they came. Beyond a number of entries, or of bytes, the oldest is
/// forgotten, but never the last one.
#[derive(Debug)]
pub(super) struct Recent<T> {
    entries: BTreeMap<u64, (Arc<str>, T)>,
    places: HashMap<Arc<str>, u64>,
    next: u64,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

impl<T: Weight> Recent<T> {
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            places: HashMap::new(),
            next: 0,
            bytes: 0,
            max_entries,
            max_bytes,
        }
    }

    /// Adds an entry as the newest, in place of one with the same key.
    pub(super) fn insert(&mut self, key: &str, value: T) {
        self.remove(key);
        let key: Arc<str> = key.into();
        self.bytes += value.bytes();
        self.places.insert(Arc::clone(&key), self.next);
        self.entries.insert(self.next, (key, value));
        self.next += 1;
        self.forget();
    }

    pub(super) fn get(&self, key: &str) -> Option<&T> {
        let place = self.places.get(key)?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// Changes an entry where it stands; it grows no newer by that.
    pub(super) fn change<R>(&mut self, key: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let place = self.places.get(key)?;
        let (_, value) = self.entries.get_mut(place)?;
        let before = value.bytes();
        let outcome = change(value);
        self.bytes = self.bytes - before + value.bytes();
        self.forget();
        Some(outcome)
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<T> {
        let place = self.places.remove(key)?;
        let (_, value) = self.entries.remove(&place)?;
        self.bytes -= value.bytes();
        Some(value)
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.values().map(|(_, value)| value)
    }

    fn forget(&mut self) {
        while self.entries.len() > 1
            && (self.entries.len() > self.max_entries || self.bytes > self.max_bytes)
        {
            if let Some((_, (key, value))) = self.entries.pop_first() {
                self.places.remove(&key);
                self.bytes -= value.bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for &str {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    fn all<'a>(recent: &Recent<&'a str>) -> Vec<&'a str> {
        recent.iter().copied().collect()
    }

    #[test]
    fn beyond_the_number_the_oldest_goes() {
        let mut recent = Recent::new(2, 100);
        for (key, value) in [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")] {
            recent.insert(key, value);
        }
        assert_eq!(all(&recent), ["3", "4"]);
        assert_eq!(recent.get("b"), None);
        assert_eq!(recent.get("a"), Some(&"3"));
        assert_eq!(recent.places.len(), 2);
    }

    #[test]
    fn beyond_the_bytes_the_oldest_go_but_never_the_last() {
        let mut recent = Recent::new(100, 10);
        for (key, value) in [("a", "1234"), ("b", "1234"), ("c", "12")] {
            recent.insert(key, value);
        }
        assert_eq!(all(&recent).len(), 3);
        recent.change("c", |value| *value = "123");
        assert_eq!(all(&recent), ["1234", "123"]);
        recent.insert("d", "12345678901234567890");
        assert_eq!(all(&recent), ["12345678901234567890"]);
        assert_eq!(recent.remove("d"), Some("12345678901234567890"));
        assert_eq!(recent.remove("d"), None);
        assert_eq!(recent.change("d", |_| ()), None);
        assert_eq!((recent.bytes, recent.places.len()), (0, 0));
    }
}
