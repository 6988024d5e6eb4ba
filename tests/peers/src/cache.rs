//! Finding a token's text among those remembered: the libraries that a cache of verified tokens can be made of.
//!
//! Each is asked with borrowed text and answers with a clone of the `Arc` that it holds, after comparing the whole text.
//! They differ in what they do to be asked by several threads, in how they forget, and here in what is hashed.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
};

use arc_swap::ArcSwap;
use equivalent::Equivalent;

/// Asks for a text: what is remembered of it.
pub type Lookup = Box<dyn Fn(&[u8]) -> Option<Arc<Remembered>> + Send + Sync>;

/// Where a library has a bound, it is this many entries, a multiple of those held: a bound that is split over shards or
/// buckets evicts long before it is reached.
const CAPACITY: usize = 16 * 1024;

/// What stands for a verified token.
pub struct Remembered {
    pub text: Box<[u8]>,
}

/// All contenders by name, each remembering `texts`. The first is the floor: a map that no one can change in place.
pub fn contenders(texts: &[String]) -> Vec<(String, Lookup)> {
    let entries: Vec<_> = texts
        .iter()
        .map(|text| {
            Arc::new(Remembered {
                text: text.as_bytes().into(),
            })
        })
        .collect();
    let hashes = [
        ("last 16 bytes, foldhash", all::<LastBytes, Fold>(&entries)),
        ("last 16 bytes, SipHash", all::<LastBytes, Sip>(&entries)),
        ("whole text, foldhash", all::<WholeText, Fold>(&entries)),
    ];
    let named = hashes.into_iter().flat_map(|(hash, libraries)| {
        libraries
            .into_iter()
            .map(move |(library, lookup)| (format!("{library}, {hash}"), lookup))
    });
    named.collect()
}

type Fold = foldhash::fast::RandomState;
type Sip = std::hash::RandomState;

fn all<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Vec<(&'static str, Lookup)> {
    vec![
        ("arc-swapped map", arc_swapped::<K, S>(entries)),
        ("papaya", papaya::<K, S>(entries)),
        ("scc::HashIndex", hash_index::<K, S>(entries)),
        ("scc::HashCache", hash_cache::<K, S>(entries)),
        ("quick_cache", quick_cache::<K, S>(entries)),
        ("moka", moka::<K, S>(entries)),
    ]
}

trait RandomlyKeyed: BuildHasher + Clone + Default + Send + Sync + 'static {}
impl<S: BuildHasher + Clone + Default + Send + Sync + 'static> RandomlyKeyed for S {}

/// Which part of a text is hashed.
trait Key: 'static {
    type Held: for<'a> From<&'a [u8]> + Hash + Eq + Send + Sync + 'static;
    type Asked<'a>: From<&'a [u8]> + Hash + Equivalent<Self::Held>;
}

/// The end of a signature tells tokens apart as well as the whole, and takes a twentieth of the time to hash.
enum LastBytes {}
enum WholeText {}

struct Last<T>(T);
struct Whole<T>(T);

impl Key for LastBytes {
    type Held = Last<Box<[u8]>>;
    type Asked<'a> = Last<&'a [u8]>;
}

impl Key for WholeText {
    type Held = Whole<Box<[u8]>>;
    type Asked<'a> = Whole<&'a [u8]>;
}

impl<T: AsRef<[u8]>> Hash for Last<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let text = self.0.as_ref();
        state.write(text.last_chunk::<16>().map_or(text, |last| last));
    }
}

impl<T: AsRef<[u8]>> Hash for Whole<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0.as_ref());
    }
}

macro_rules! compared_as_a_whole {
    ($key:ident) => {
        impl<'a, T: From<&'a [u8]>> From<&'a [u8]> for $key<T> {
            fn from(text: &'a [u8]) -> Self {
                Self(text.into())
            }
        }

        impl PartialEq for $key<Box<[u8]>> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl Eq for $key<Box<[u8]>> {}

        impl Equivalent<$key<Box<[u8]>>> for $key<&[u8]> {
            fn equivalent(&self, held: &$key<Box<[u8]>>) -> bool {
                *self.0 == *held.0
            }
        }
    };
}

compared_as_a_whole!(Last);
compared_as_a_whole!(Whole);

fn arc_swapped<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Lookup {
    let mut map = hashbrown::HashMap::with_hasher(S::default());
    for entry in entries {
        map.insert(K::Held::from(&entry.text), Arc::clone(entry));
    }
    let map = ArcSwap::from_pointee(map);
    Box::new(move |text| map.load().get(&K::Asked::from(text)).cloned())
}

fn papaya<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Lookup {
    let map = papaya::HashMap::with_hasher(S::default());
    for entry in entries {
        map.pin()
            .insert(K::Held::from(&entry.text), Arc::clone(entry));
    }
    Box::new(move |text| map.pin().get(&K::Asked::from(text)).cloned())
}

fn hash_index<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Lookup {
    let index = scc::HashIndex::with_hasher(S::default());
    for entry in entries {
        let inserted = index.insert_sync(K::Held::from(&entry.text), Arc::clone(entry));
        assert!(inserted.is_ok(), "the texts differ");
    }
    Box::new(move |text| index.peek_with(&K::Asked::from(text), |_, entry| Arc::clone(entry)))
}

/// `get` rather than `read`: the latter does not tell the cache what is in use.
fn hash_cache<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Lookup {
    let cache = scc::HashCache::with_capacity_and_hasher(CAPACITY, CAPACITY, S::default());
    for entry in entries {
        let inserted = cache.put_sync(K::Held::from(&entry.text), Arc::clone(entry));
        assert!(inserted.is_ok(), "the texts differ");
    }
    Box::new(move |text| {
        cache
            .get_sync(&K::Asked::from(text))
            .map(|entry| Arc::clone(&entry))
    })
}

fn quick_cache<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Lookup {
    let cache = quick_cache::sync::Cache::with(
        entries.len(),
        CAPACITY as u64,
        quick_cache::UnitWeighter,
        S::default(),
        quick_cache::sync::DefaultLifecycle::default(),
    );
    for entry in entries {
        cache.insert(K::Held::from(&entry.text), Arc::clone(entry));
    }
    Box::new(move |text| cache.get(&K::Asked::from(text)))
}

fn moka<K: Key, S: RandomlyKeyed>(entries: &[Arc<Remembered>]) -> Lookup {
    let cache = moka::sync::Cache::builder()
        .max_capacity(CAPACITY as u64)
        .build_with_hasher(S::default());
    for entry in entries {
        cache.insert(K::Held::from(&entry.text), Arc::clone(entry));
    }
    cache.run_pending_tasks();
    Box::new(move |text| cache.get(&K::Asked::from(text)))
}

/// `count` texts as long as the token in the other benches, with the same beginning, as one issuer's tokens have it.
/// Nothing here looks into them.
pub fn texts(count: u64) -> Vec<String> {
    let hash = foldhash::fast::FixedState::default();
    (0..count)
        .map(|text| {
            let beginning = "eyJhbGciOiJSUzI1NiJ9".repeat(23);
            let end = (0_u64..)
                .flat_map(|part| format!("{:016x}", hash.hash_one((text, part))).into_bytes());
            let end = end.take(818 - beginning.len()).map(char::from);
            beginning.chars().chain(end).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_finds_what_it_remembers_by_its_whole_text() {
        let texts = texts(1000);
        let (unknown, known) = texts.split_first().expect("there are some");
        assert_eq!(unknown.len(), 818);
        for (name, lookup) in contenders(known) {
            for text in known {
                let found = lookup(text.as_bytes());
                assert!(
                    found.is_some_and(|found| *found.text == *text.as_bytes()),
                    "{name}"
                );
            }
            assert!(lookup(unknown.as_bytes()).is_none(), "{name}");
            assert!(lookup(b"").is_none(), "{name}");
            // What is hashed is the same, the text is not.
            let mut forged = known[0].clone();
            forged.replace_range(..1, "f");
            assert!(lookup(forged.as_bytes()).is_none(), "{name}");
            let mut forged = known[0].clone();
            forged.pop();
            assert!(lookup(forged.as_bytes()).is_none(), "{name}");
        }
    }
}
