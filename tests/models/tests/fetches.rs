//! One fetch at a time, nobody waits in vain, and no old set replaces a newer one.
//!
//! Each model also shows that everybody ends: loom fails where all threads wait.

use std::sync::Arc;

use loom::thread::JoinHandle;
use st_m2m_models::{
    explore::explore,
    store::{Lookup, Runner, Store},
};

fn spawn<T: 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> T + 'static,
) -> JoinHandle<T> {
    let store = Arc::clone(store);
    loom::thread::spawn(move || work(&store))
}

/// A runner that makes fetches until the store is closed.
fn runner(store: &Arc<Store>, answers: impl Fn(u64) -> bool + 'static) -> JoinHandle<()> {
    spawn(store, move |store| {
        store.staff().expect("nobody else").run(answers);
    })
}

/// Ends a store whose requests are all answered.
fn close(store: &Store, runner: JoinHandle<()>) {
    store.close();
    runner.join().expect("the runner");
    assert_eq!(store.most_under_way(), 1, "one fetch at a time");
    check_sets(store);
}

/// Sets replace older ones alone, and one generation means one set.
fn check_sets(store: &Store) {
    let sets = store.published();
    assert!(sets.is_sorted_by_key(|it| it.number), "{sets:?}");
    for set in &sets {
        let same = sets.iter().filter(|it| it.generation == set.generation);
        assert!(same.clone().all(|it| it.version == set.version), "{sets:?}");
    }
}

/// A runner on a runtime that may freeze at any moment: it makes one fetch. Whether its set was published.
fn one_fetch(mut runner: Runner<'_>) -> bool {
    runner.begin().is_some_and(|fetch| {
        let version = fetch.ask();
        runner.end(fetch, Some(version))
    })
}

/// A key that the issuer had before somebody looked for it is found, whatever is under way.
#[test]
fn what_the_issuer_has_is_found() {
    explore(None, || {
        let store = Arc::new(Store::new(1));
        let runner = runner(&store, |_| true);
        store.publish_at_the_issuer(1);
        assert_eq!(store.sought(1), Lookup::Found);
        assert_eq!(store.asked() - 1, 1 - store.permits(), "a permit each");
        close(&store, runner);
    });
}

/// While fetches fail nobody says that a key is unknown.
#[test]
fn a_failed_fetch_says_nothing() {
    explore(None, || {
        let store = Arc::new(Store::new(1));
        let runner = runner(&store, |number| number == 1);
        store.publish_at_the_issuer(1);
        let lookup = store.sought(1);
        assert_ne!(lookup, Lookup::Unknown);
        close(&store, runner);
    });
}

/// Two that look for a key share fetches and permits.
#[test]
fn a_permit_is_taken_once_for_each_fetch() {
    explore(Some(3), || {
        let store = Arc::new(Store::new(2));
        let runner = runner(&store, |_| true);
        let other = spawn(&store, |store| store.sought(1));
        let answers = [store.sought(1), other.join().expect("the other")];
        assert_eq!(answers, [Lookup::Unknown; 2]);
        // The first was wanted without a permit.
        assert_eq!(store.asked() - 1, 2 - store.permits());
        close(&store, runner);
    });
}

/// Whoever demands a fetch gets one that begins later, and sees its set.
#[test]
fn a_demand_is_met_by_a_later_fetch() {
    explore(Some(3), || {
        let store = Arc::new(Store::new(0));
        let runner = runner(&store, |_| true);
        let other = spawn(&store, Store::reload);
        store.publish_at_the_issuer(1);
        let number = store.reload();
        let current = store.current();
        assert_eq!(current.version, 1);
        assert!(current.number >= number && store.ended() >= number);
        other.join().expect("the other");
        close(&store, runner);
    });
}

/// The same, while others look for keys.
#[test]
fn a_demand_is_not_lost_among_lookups() {
    explore(Some(3), || {
        let store = Arc::new(Store::new(1));
        let runner = runner(&store, |_| true);
        let other = spawn(&store, Store::all);
        store.publish_at_the_issuer(1);
        let number = store.reload();
        assert_eq!(store.current().version, 1);
        assert!(store.current().number >= number);
        other.join().expect("the other");
        close(&store, runner);
    });
}

/// Of several that find no runner one becomes it.
#[test]
fn there_is_one_runner() {
    explore(Some(5), || {
        let store = Arc::new(Store::new(0));
        let staff = |store: &Store| store.staff().is_some_and(one_fetch);
        let others = [spawn(&store, staff), spawn(&store, staff)];
        let own = staff(&store);
        let others = others.map(|it| it.join().expect("the other"));
        assert!(own || others.contains(&true));
        assert_eq!(store.most_under_way(), 1);
        check_sets(&store);
    });
}

/// A runtime that ends takes its runner with it at any moment; whoever waits is released, and the next one has a runner.
#[test]
fn nobody_waits_for_a_runner_that_is_gone() {
    for begins in [false, true] {
        explore(Some(3), move || {
            let store = Arc::new(Store::new(1));
            let gone = spawn(&store, move |store| {
                if let Some(runner) = store.staff() {
                    let fetch = begins.then(|| runner.begin());
                    drop(runner);
                    drop(fetch);
                }
            });
            let other = spawn(&store, |store| ask(store, Some(store.demand())));
            ask(&store, store.next_fetch());
            other.join().expect("the other");
            gone.join().expect("the runner");
            assert!(store.staff().is_some_and(one_fetch));
            check_sets(&store);
        });
    }
}

/// Waits for a fetch, and makes it if there is nobody else who does.
fn ask(store: &Store, number: Option<u64>) {
    let Some(number) = number else { return };
    if let Some(runner) = store.staff() {
        one_fetch(runner);
    }
    store.wait(number);
    assert!(store.ended() >= number);
}

/// A runner that is frozen in the middle of a fetch is replaced. When it thaws, at any moment, it changes nothing.
#[test]
fn a_frozen_runner_changes_nothing_when_it_thaws() {
    explore(Some(6), || {
        let store = Arc::new(Store::new(2));
        let frozen = spawn(&store, |store| store.staff().is_some_and(one_fetch));
        let number = store.next_fetch().expect("the first is wanted");
        // Its patience is over.
        store.dismiss(number);
        store.publish_at_the_issuer(1);
        if let Some(mut next) = store.staff() {
            let begun = next.begin().expect("nobody dismissed it");
            let (number, version) = (begun.number, begun.ask());
            assert!(next.end(begun, Some(version)), "its fetch is its own");
            store.wait(number);
            assert_eq!(store.ended(), number);
            assert_eq!(store.current().number, number);
        }
        frozen.join().expect("the frozen one");
        check_sets(&store);
    });
}

/// A runner that is dismissed is out, also while nobody has taken its place.
#[test]
fn a_dismissed_runner_is_out() {
    explore(None, || {
        let store = Arc::new(Store::new(0));
        let frozen = spawn(&store, |store| {
            let mut runner = store.staff().expect("nobody else");
            let Some(fetch) = runner.begin() else {
                return false;
            };
            let version = fetch.ask();
            let published = runner.end(fetch, Some(version));
            let again = runner.begin().is_some();
            published || again
        });
        store.dismiss(1);
        let dismissed = store.ended() == 1 && store.current().number == 0;
        let had_a_say = frozen.join().expect("the frozen one");
        if dismissed {
            assert!(!had_a_say && store.current().number == 0);
        }
    });
}

/// Two lose their patience at the same time: the runner that replaces the frozen one stays.
#[test]
fn a_frozen_runner_is_replaced_once() {
    explore(None, || {
        let store = Arc::new(Store::new(0));
        let frozen = store.staff().expect("nobody else");
        let begun = frozen.begin().expect("its term");
        let number = begun.number;
        let give_up = move |store: &Store| {
            store.dismiss(number);
            store.staff().is_none_or(one_fetch)
        };
        let other = spawn(&store, give_up);
        assert!(give_up(&store), "its fetch is its own");
        assert!(other.join().expect("the other"), "its fetch is its own");
        assert!(store.published().iter().all(|it| it.number > number));
        drop(begun);
    });
}

/// What a runner says at its end, late, is no news to those who wait for the next one's fetch.
#[test]
fn a_late_word_leaves_nobody_waiting() {
    explore(Some(3), || {
        let store = Arc::new(Store::new(1));
        let late = spawn(&store, |store| store.staff().is_some_and(one_fetch));
        let other = spawn(&store, |store| ask(store, Some(store.demand())));
        if let Some(number) = store.next_fetch() {
            store.dismiss(number);
        }
        ask(&store, store.next_fetch());
        other.join().expect("the other");
        late.join().expect("the late one");
        check_sets(&store);
    });
}
