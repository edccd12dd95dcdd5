//! Who waits for a UPN or a binding.

use jiff::Timestamp;
use sync_core::record::after;

use super::Tables;
use crate::{Awaited, Holder, NoteId, WAIT_DAYS, Waiter, days};

impl Tables {
    pub(super) fn note_wait(&mut self, awaited: &Awaited, waiter: &Holder, now: Timestamp) -> bool {
        self.notes += 1;
        let note = NoteId(self.notes.to_string());
        let waits = self.waits.entry(awaited.clone()).or_default();
        waits.retain(|(_, ends)| *ends >= now);
        let known = waits.len();
        waits.retain(|(other, _)| other.holder != *waiter);
        let new = waits.len() == known;
        let waiter = Waiter { holder: waiter.clone(), note };
        waits.push((waiter, after(now, days(WAIT_DAYS))));
        new
    }
}
