//! The file: opened once, by one process; read by many, written by one; closed and opened again after an I/O error.

use std::{
    fmt, fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use ::redb::{
    Database, DatabaseError, Durability, Error, ReadTransaction, ReadableDatabase as _, StorageError, WriteTransaction,
};

use super::{compaction, rows::Rows};
use crate::store::error::{StoreError, StoreErrorKind};

/// Bytes of pages that redb keeps in memory.
const PAGES: usize = 64 << 20;
/// What redb has written of a new file before its first line is complete is not longer than this.
const UNFINISHED: u64 = 16 << 20;

pub(super) struct File {
    path: PathBuf,
    /// Nothing, where it could not be opened again. Exclusive for that, and for a compaction.
    database: RwLock<Option<Database>>,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It has changed nothing.
    Nothing,
    /// It is seen by all, and may be lost in a crash.
    Seen,
    /// It survives a crash, and with it all that was seen before.
    Durable,
}

/// Why a transaction failed, and whether it can be tried again.
#[derive(Debug)]
pub(super) struct WriteError {
    pub(super) error: StoreError,
    pub(super) has_begun: bool,
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).unwrap_or_else(|_no_directory| path.to_owned());
        let database = open(&path)?;
        let file = Self { path, database: RwLock::new(Some(database)) };
        // The tables are made, and it is known that the file can be written.
        let make = |rows: &mut Rows<'_>| rows.ledger().map(|_| ((), Ending::Durable));
        file.write(make).map_err(|failure| failure.error)?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<Result<T, StoreError>, Error>,
    ) -> Result<T, StoreError> {
        let guard = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = guard.as_ref() else { return Err(self.is_closed()) };
        let found = database.begin_read().map_err(Error::from).and_then(|transaction| work(&transaction));
        found.map_err(|error| self.error("read", error))?
    }

    /// One transaction. `work` says how it ends.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Rows<'_>) -> Result<(T, Ending), Error>,
    ) -> Result<T, WriteError> {
        let guard = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let failed = |has_begun, error| WriteError { error: self.error("write", error), has_begun };
        let Some(database) = guard.as_ref() else {
            return Err(WriteError { error: self.is_closed(), has_begun: false });
        };
        let transaction = database.begin_write().map_err(|error| failed(false, error.into()))?;
        finish(transaction, work).map_err(|error| failed(true, error))
    }

    /// Closes the file and opens it again, which is what redb wants after an I/O error.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        let mut guard = self.database.write().unwrap_or_else(PoisonError::into_inner);
        drop(guard.take());
        *guard = Some(open(&self.path)?);
        Ok(())
    }

    /// Tells whether the file is shorter than before.
    pub(super) fn compact(&self) -> Result<bool, StoreError> {
        let mut guard = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = guard.as_mut() else { return Err(self.is_closed()) };
        let length = || fs::metadata(&self.path).map(|metadata| metadata.len());
        let lengths = length().map_err(Error::from).and_then(|before| {
            compaction::compact(database, length)?;
            Ok((before, length()?))
        });
        let (before, after) = lengths.map_err(|error| self.error("compact", error))?;
        Ok(after < before)
    }

    fn is_closed(&self) -> StoreError {
        let message = format!("{}: closed after an I/O error, and could not be opened again", self.path.display());
        StoreError::new(StoreErrorKind::Unavailable, message)
    }

    fn error(&self, what: &str, error: Error) -> StoreError {
        let kind = match error {
            Error::Corrupted(_) => StoreErrorKind::Corrupt,
            Error::TableTypeMismatch { .. } | Error::TableIsMultimap(_) | Error::TypeDefinitionChanged { .. } => {
                StoreErrorKind::Config
            }
            _ => StoreErrorKind::Unavailable,
        };
        StoreError::with_source(kind, format!("{}: cannot {what}: {error}", self.path.display()), error)
    }
}

fn finish<T>(
    mut transaction: WriteTransaction,
    work: impl FnOnce(&mut Rows<'_>) -> Result<(T, Ending), Error>,
) -> Result<T, Error> {
    let (answer, ending) = work(&mut Rows::open(&transaction)?)?;
    match ending {
        Ending::Nothing => transaction.abort()?,
        Ending::Seen => {
            transaction.set_durability(Durability::None)?;
            transaction.commit()?;
        }
        Ending::Durable => transaction.commit()?,
    }
    Ok(answer)
}

fn open(path: &Path) -> Result<Database, StoreError> {
    let at = |kind, error: &dyn fmt::Display| StoreError::new(kind, format!("{}: {error}", path.display()));
    let is_new =
        create(path).map_err(|error| StoreError::with_source(kind_of(&error), at_path(path, &error), error))?;
    let mut opened = try_open(path);
    if matches!(&opened, Err(DatabaseError::Storage(StorageError::Io(error))) if error.kind() == io::ErrorKind::InvalidData)
        && empty_unfinished(path).is_ok_and(|was_unfinished| was_unfinished)
    {
        opened = try_open(path);
    }
    let database = opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => at(
            StoreErrorKind::InUse,
            &"another process, or another store of this one, has it open; one file is for one store at a time",
        ),
        DatabaseError::Storage(StorageError::Io(error)) => {
            StoreError::with_source(kind_of(&error), at_path(path, &error), error)
        }
        DatabaseError::Storage(StorageError::Corrupted(_)) => {
            StoreError::with_source(StoreErrorKind::Corrupt, at_path(path, &error), error)
        }
        DatabaseError::UpgradeRequired(_) => {
            StoreError::with_source(StoreErrorKind::Config, at_path(path, &error), error)
        }
        error => StoreError::with_source(StoreErrorKind::Unavailable, at_path(path, &error), error),
    })?;
    if is_new {
        keep_name(path).map_err(|error| StoreError::with_source(kind_of(&error), at_path(path, &error), error))?;
    }
    Ok(database)
}

fn at_path(path: &Path, error: &dyn fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

/// What is wrong with the place, and what may pass.
fn kind_of(error: &io::Error) -> StoreErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidFilename
        | io::ErrorKind::InvalidData
        | io::ErrorKind::Unsupported => StoreErrorKind::Config,
        io::ErrorKind::UnexpectedEof => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    }
}

fn try_open(path: &Path) -> Result<Database, DatabaseError> {
    // A plain open trusts the file, and redb may panic over one that was altered; checked, it is an error.
    Database::builder().set_cache_size(PAGES).set_check_integrity_on_open(true).create(path)
}

/// Makes the file where there is none, for its owner only, and tells whether it did.
fn create(path: &Path) -> io::Result<bool> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// A new file survives a crash only if its folder was written too.
fn keep_name(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A process that was killed while it made the file leaves one that redb cannot read and that holds nothing: behind the
/// first page there are only zeros. It is emptied, under redb's own lock; any other file is left as it is.
fn empty_unfinished(path: &Path) -> io::Result<bool> {
    let mut file = fs::OpenOptions::new().read(true).write(true).open(path)?;
    if file.try_lock().is_err() || file.metadata()?.len() > UNFINISHED {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let (start, rest) = bytes.split_at(bytes.len().min(4_096));
    let is_unfinished = start.iter().take(9).all(|&byte| byte == 0) && rest.iter().all(|&byte| byte == 0);
    if is_unfinished {
        file.set_len(0)?;
        file.sync_all()?;
    }
    Ok(is_unfinished)
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.path)
    }
}
