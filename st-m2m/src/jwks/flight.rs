//! One fetch at a time, and who waits for which.
//!
//! Fetches are numbered. Whoever wants one is told the number to wait for; a single runner makes them, one after the
//! other. No time, no runtime and no key is in here, so that the whole of it can be modelled: `tests/models` explores
//! every interleaving of this very file.

use super::sync::{Mutex, MutexGuard, PoisonError};

/// Which fetch to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// The fetch with this number: it is under way, or it is the next.
    Wait(u64),
    /// None is under way, none is wanted, and no further one is permitted.
    Denied,
}

/// The fetches of one store.
#[derive(Debug)]
pub(crate) struct Flight(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The number of the last fetch that began; the first is 1.
    begun: u64,
    /// The number of the last fetch that ended; at most one behind `begun`.
    ended: u64,
    /// Somebody waits for the fetch after `begun`.
    wanted: bool,
    /// Whose turn it is to make them. A runner whose term is over has no say any more.
    term: u64,
    /// Whether a runner is at it.
    staffed: bool,
}

impl Flight {
    /// No fetch yet; the first one is wanted.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            begun: 0,
            ended: 0,
            wanted: true,
            term: 0,
            staffed: false,
        }))
    }

    /// Becomes the runner if there is none: its term.
    pub(crate) fn staff(&self) -> Option<u64> {
        let mut state = self.lock();
        if state.staffed {
            return None;
        }
        state.staffed = true;
        state.term += 1;
        Some(state.term)
    }

    /// How many fetches have begun. One with a higher number begins after this moment.
    pub(crate) fn begun(&self) -> u64 {
        self.lock().begun
    }

    /// How many fetches have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.lock().ended
    }

    /// Joins the fetch under way, else the next one; asks for it if it is `permitted`.
    pub(crate) fn join(&self, permitted: impl FnOnce() -> bool) -> Join {
        let mut state = self.lock();
        if state.begun > state.ended {
            return Join::Wait(state.begun);
        }
        if !state.wanted && !permitted() {
            return Join::Denied;
        }
        state.wanted = true;
        Join::Wait(state.begun + 1)
    }

    /// Asks for a fetch that begins after this moment: its number.
    pub(crate) fn demand(&self) -> u64 {
        let mut state = self.lock();
        state.wanted = true;
        state.begun + 1
    }

    /// Whether the next fetch should begin at once.
    pub(crate) fn is_wanted(&self) -> bool {
        self.lock().wanted
    }

    /// The runner begins the next fetch: its number. `None` ends a runner whose term is over.
    pub(crate) fn begin(&self, term: u64) -> Option<u64> {
        let mut state = self.lock();
        if state.term != term {
            return None;
        }
        state.wanted = false;
        state.begun += 1;
        Some(state.begun)
    }

    /// The runner ends the fetch under way. What it found is published before anybody can know that it ended, and not
    /// at all when the runner's term is over: a newer set may be in use. False in that case.
    pub(crate) fn end(&self, term: u64, publish: impl FnOnce()) -> bool {
        let mut state = self.lock();
        if state.term != term {
            return false;
        }
        publish();
        state.ended = state.begun;
        true
    }

    /// The runner stops. Fetches that somebody waits for count as failed: nobody makes them any more.
    pub(crate) fn quit(&self, term: u64) {
        let mut state = self.lock();
        if state.term == term && state.staffed {
            abandon(&mut state);
        }
    }

    /// Ends the term of a runner that did not end the fetch `number` in time: it is on a runtime that nobody drives.
    pub(crate) fn dismiss(&self, number: u64) {
        let mut state = self.lock();
        if state.staffed && state.ended < number {
            abandon(&mut state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code in here panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn abandon(state: &mut State) {
    // This term ends; the next runner gets one of its own.
    state.term += 1;
    state.staffed = false;
    if state.wanted {
        // Whoever waits for the next fetch was told this number.
        state.begun += 1;
        state.wanted = false;
    }
    state.ended = state.begun;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fetch_serves_everybody_who_came_before_it_ended() {
        let flight = Flight::new();
        assert_eq!(flight.join(|| false), Join::Wait(1), "the first is wanted");
        let term = flight.staff().expect("nobody else");
        assert_eq!(flight.staff(), None);
        assert_eq!(flight.begin(term), Some(1));
        assert_eq!(flight.join(|| false), Join::Wait(1), "under way");
        assert_eq!(flight.demand(), 2, "one that begins later");
        assert!(flight.end(term, || ()));
        assert_eq!((flight.ended(), flight.is_wanted()), (1, true));
        assert_eq!(flight.join(|| false), Join::Wait(2));
        assert_eq!(flight.begin(term), Some(2));
        assert!(flight.end(term, || ()));
        assert_eq!(flight.join(|| false), Join::Denied);
        assert_eq!(flight.join(|| true), Join::Wait(3));
    }

    #[test]
    fn nobody_waits_for_a_runner_that_is_gone() {
        let flight = Flight::new();
        let gone = flight.staff().expect("nobody else");
        flight.begin(gone);
        let later = flight.demand();
        flight.quit(gone);
        assert_eq!(flight.ended(), later);
        let next = flight.staff().expect("nobody else");
        assert_eq!(flight.begin(gone), None);
        assert!(!flight.end(gone, || panic!("too late to publish")));
        flight.quit(gone);
        assert_eq!(flight.staff(), None, "the next one stays");
        assert_eq!(flight.begin(next), Some(later + 1));
    }

    #[test]
    fn a_runner_that_is_late_is_replaced() {
        let flight = Flight::new();
        let frozen = flight.staff().expect("nobody else");
        let number = flight.begin(frozen).expect("its term");
        flight.dismiss(number);
        assert_eq!(flight.ended(), number);
        let next = flight.staff().expect("nobody else");
        flight.dismiss(number);
        assert_eq!(flight.begin(next), Some(number + 1), "dismissed once");
        assert!(!flight.end(frozen, || panic!("an older set")));
    }
}
