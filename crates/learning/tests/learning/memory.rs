//! A store that shows that the promises are not `SQLite`'s alone.

use std::ops::ControlFlow;

use ash_learning::{Added, Kind, Record, Store, StoreError, Tally};

use crate::promises::store_keeps_its_promises;

#[derive(Default)]
pub(crate) struct MemoryStore(Vec<Record>);

impl Store for MemoryStore {
    fn add(&mut self, record: &Record) -> Result<Added, StoreError> {
        if let Some(known) = self.0.iter().find(|known| known.id == record.id) {
            return Ok(Added::Known(known.clone()));
        }
        self.0.push(record.clone());
        Ok(Added::New)
    }

    fn for_each(&self, visit: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), StoreError> {
        let _ = self.0.iter().cloned().try_for_each(visit);
        Ok(())
    }

    fn tally(&self) -> Result<Tally, StoreError> {
        let of = |kind| self.0.iter().filter(|record| record.kind == kind).count() as u64;
        Ok(Tally {
            total: self.0.len() as u64,
            false_positives: of(Kind::FalsePositive),
            false_negatives: of(Kind::FalseNegative),
            last: self.0.iter().map(|record| record.at).max(),
        })
    }

    fn reset(&mut self) -> Result<u64, StoreError> {
        Ok(self.0.drain(..).count() as u64)
    }

    fn version(&self) -> Result<i64, StoreError> {
        Ok(0)
    }
}

#[test]
fn a_vector_keeps_what_a_store_promises() {
    store_keeps_its_promises(MemoryStore::default);
}
