//! A remembered token holds exactly as long as the key that signed it is in the set which the reader sees.

use std::sync::Arc;

use loom::thread::{JoinHandle, spawn};
use st_m2m_models::{
    explore::explore,
    keys::{Key, Keys, Set},
};

/// The key that signed the token.
const SIGNER: Key = 1;
/// The key of the same id and material that is published after `SIGNER` was removed.
const AGAIN: Key = 2;
const OTHER: Key = 3;

fn set(generation: u64, keys: &'static [Key]) -> Set {
    Set { generation, keys }
}

fn with<T: 'static>(keys: &Arc<Keys>, work: impl FnOnce(&Keys) -> T + 'static) -> JoinHandle<T> {
    let keys = Arc::clone(keys);
    spawn(move || work(&keys))
}

/// Reads a remembered token `times` times. Whoever once saw its key gone never sees it again.
fn read(keys: &Keys, times: usize) {
    let Some(token) = keys.remembered() else {
        return;
    };
    let mut gone = false;
    for _ in 0..times {
        let (holds, set) = keys.still_holds(&token);
        assert_eq!(holds, set.contains(token.key), "{token:?} and {set:?}");
        assert!(!(gone && holds), "{token:?} came back");
        gone |= !holds;
    }
}

/// Readers that see different sets, each of which has the key or lacks it, do not mislead each other.
#[test]
fn a_token_holds_while_its_key_is_in_the_set() {
    explore(Some(4), || {
        let keys = Arc::new(Keys::new(&[
            set(1, &[SIGNER]),
            set(2, &[SIGNER, OTHER]),
            set(3, &[OTHER]),
        ]));
        assert!(keys.verify(SIGNER));
        let reader = with(&keys, |keys| read(keys, 2));
        let publisher = with(&keys, Keys::publish);
        read(&keys, 2);
        publisher.join().expect("the publisher");
        reader.join().expect("a reader");
        assert!(keys.recall().is_none());
    });
}

/// A key that is removed and comes again is another key: what the first one signed is verified anew.
#[test]
fn a_key_that_comes_again_revives_nothing() {
    explore(Some(4), || {
        let keys = Arc::new(Keys::new(&[
            set(1, &[SIGNER]),
            set(2, &[]),
            set(3, &[AGAIN]),
        ]));
        assert!(keys.verify(SIGNER));
        let reader = with(&keys, |keys| read(keys, 2));
        let publisher = with(&keys, Keys::publish);
        read(&keys, 2);
        publisher.join().expect("the publisher");
        reader.join().expect("a reader");
        assert!(keys.recall().is_none());
        assert!(keys.remembered().is_none(), "forgotten");
        assert!(keys.verify(AGAIN) && keys.recall().is_some());
    });
}

/// A set that comes again after an expiry keeps its generation and its keys, and with them the tokens.
#[test]
fn a_set_that_comes_again_is_the_same() {
    explore(None, || {
        let keys = Arc::new(Keys::new(&[
            set(1, &[SIGNER]),
            set(0, &[OTHER]),
            set(1, &[SIGNER]),
        ]));
        assert!(keys.verify(SIGNER));
        let recall = |keys: &Keys| {
            keys.recall();
            keys.recall();
        };
        let reader = with(&keys, recall);
        keys.publish();
        recall(&keys);
        reader.join().expect("a reader");
        // Forgotten by whoever looked in between, else good.
        assert_eq!(keys.recall().is_some(), keys.remembered().is_some());
    });
}

/// A token that is verified with one set and remembered when the next is in use is checked against that.
#[test]
fn a_late_entry_is_caught() {
    explore(None, || {
        let keys = Arc::new(Keys::new(&[set(1, &[SIGNER]), set(2, &[OTHER])]));
        let verifier = with(&keys, |keys| {
            keys.verify(SIGNER);
            keys.recall();
        });
        let publisher = with(&keys, Keys::publish);
        keys.recall();
        publisher.join().expect("the publisher");
        verifier.join().expect("the verifier");
        assert!(keys.recall().is_none());
    });
}

/// Who forgets a token that was signed by a key that is gone leaves one that was verified since.
#[test]
fn what_was_verified_anew_is_not_forgotten() {
    explore(None, || {
        let keys = Arc::new(Keys::new(&[set(1, &[SIGNER]), set(2, &[AGAIN])]));
        assert!(keys.verify(SIGNER));
        let verifier = with(&keys, |keys| keys.verify(AGAIN));
        let reader = with(&keys, |keys| {
            keys.recall();
        });
        keys.publish();
        reader.join().expect("a reader");
        if verifier.join().expect("the verifier") {
            assert!(keys.recall().is_some());
        }
    });
}
