//! Takes out of the file what is deleted, erased or purged, and gives back its room.
//!
//! redb lets go of pages and leaves their bytes; and a page that rows were taken from keeps some of theirs. So:
//!
//! 1. Every row is written anew, into fresh pages: no page in use holds anything else.
//! 2. redb moves the pages to the front, and cuts the file.
//! 3. What is free in between is filled with zeros, and cut again where that took more room.
//!
//! Each step is a transaction, or many: a crash loses nothing.

use std::io;

use ::redb::{Database, Error, Key, ReadableTable as _, TableDefinition, Value, WriteTransaction};

use super::rows;

/// Zeros: there is one in each page.
const FILLER: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("filler");
/// More than half of a page of redb's, and no more than one.
const FILLING: usize = 3_900;

/// Does it all. `length` is that of the file.
pub(super) fn compact(database: &mut Database, length: impl FnOnce() -> io::Result<u64>) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    rows::rewrite(&transaction)?;
    transaction.commit()?;
    database.compact()?;

    let transaction = database.begin_write()?;
    let stats = transaction.stats()?;
    let pages = length()? / (stats.page_size().max(1) as u64);
    {
        let mut filler = transaction.open_table(FILLER)?;
        for page in 0..pages.saturating_sub(stats.allocated_pages()) {
            filler.insert(page, &[0; FILLING][..])?;
        }
    }
    transaction.commit()?;
    let transaction = database.begin_write()?;
    transaction.delete_table(FILLER)?;
    transaction.commit()?;
    database.compact()?;
    Ok(())
}

/// Writes the rows of a table anew.
pub(super) fn rewrite<K: Key + 'static, V: Value + 'static>(
    transaction: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<(), Error> {
    let old = TableDefinition::<K, V>::new("rewriting");
    transaction.rename_table(table, old)?;
    {
        let (old, mut new) = (transaction.open_table(old)?, transaction.open_table(table)?);
        for row in old.iter()? {
            let (key, value) = row?;
            new.insert(key.value(), value.value())?;
        }
    }
    transaction.delete_table(old)?;
    Ok(())
}
