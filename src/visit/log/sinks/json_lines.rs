//! Lines of JSON in files, one a UTC day and more where one grows too large.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use time::{Date, Month};

use super::VisitSink;
use crate::visit::Visit;

/// What is kept in memory before it is written, at most.
const BUFFER: usize = 64 * 1024;

/// Writes lines of JSON into a folder: `visits-2026-11-22.jsonl` for a UTC day, then `visits-2026-11-22.1.jsonl` and so
/// on where a file has grown too large.
///
/// 1. A line stands in the file of the day on which its request came. Files of days that are over are deleted. Files of
///    other names are left alone, and so is what only looks like a file: a folder, a symbolic link.
/// 2. On Unix only the server's user may read the files (mode 0600), and the folder where it is made (0700).
/// 3. A line that a crash left half written is ended before the next one.
///
/// One process writes into a folder.
///
/// # Defaults
///
/// A file grows to 64 MiB.
pub struct JsonLinesSink {
    folder: PathBuf,
    most: u64,
    open: Option<DayFile>,
    buffer: Vec<u8>,
}

struct DayFile {
    day: Date,
    part: u32,
    file: File,
    size: u64,
}

// The lines that wait are not for another log.
impl fmt::Debug for JsonLinesSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLinesSink").field("folder", &self.folder).field("most", &self.most).finish_non_exhaustive()
    }
}

impl JsonLinesSink {
    /// Files in this folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or is none.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        make_folder(&folder)?;
        // Says now what would be said at the first line.
        fs::read_dir(&folder).map_err(|error| placed(&folder, &error))?;
        Ok(Self { folder, most: 64 * 1024 * 1024, open: None, buffer: Vec::new() })
    }

    /// The size in bytes after which another file is begun.
    #[must_use]
    pub const fn with_max_size(mut self, bytes: u64) -> Self {
        self.most = bytes;
        self
    }

    /// Writes the buffer to the open file. What could not be written is lost, and the file is opened anew next time.
    fn write_out(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = match &mut self.open {
            Some(open) => {
                open.size += self.buffer.len() as u64;
                open.file.write_all(&self.buffer).map_err(|error| placed(&self.folder, &error))
            }
            None => Ok(()),
        };
        self.buffer.clear();
        if written.is_err() {
            self.open = None;
        }
        written
    }

    /// Makes the open file that of this day, with room in it.
    fn turn_to(&mut self, day: Date) -> io::Result<()> {
        let (is_same, is_full) = match &self.open {
            Some(open) => (open.day == day, open.size + self.buffer.len() as u64 >= self.most),
            None => (false, false),
        };
        if is_same && !is_full {
            return Ok(());
        }
        self.write_out()?;
        let part = match self.open.take() {
            Some(open) if is_same => open.part + 1,
            _ => self.last_part(day)?,
        };
        let mut open = DayFile::open(&self.folder, day, part)?;
        if open.size >= self.most && open.size > 0 {
            open = DayFile::open(&self.folder, day, part + 1)?;
        }
        self.open = Some(open);
        Ok(())
    }

    /// The last part of a day that is there.
    fn last_part(&self, day: Date) -> io::Result<u32> {
        let mut last = 0;
        for entry in fs::read_dir(&self.folder).map_err(|error| placed(&self.folder, &error))? {
            if let Some((of, part)) = entry?.file_name().to_str().and_then(read_name)
                && of == day
            {
                last = last.max(part);
            }
        }
        Ok(last)
    }
}

impl VisitSink for JsonLinesSink {
    fn write(&mut self, visit: &Visit) -> io::Result<()> {
        self.turn_to(visit.day())?;
        let before = self.buffer.len();
        if let Err(error) = serde_json::to_writer(&mut self.buffer, visit) {
            self.buffer.truncate(before);
            return Err(error.into());
        }
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER { self.write_out() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }

    fn purge(&mut self, first_kept: Date) -> io::Result<()> {
        // Opened anew after it: the file may have been moved away meanwhile.
        let written = self.write_out();
        self.open = None;
        let mut outcome = written;
        for entry in fs::read_dir(&self.folder).map_err(|error| placed(&self.folder, &error))? {
            let entry = entry?;
            let is_over = entry.file_name().to_str().and_then(read_name).is_some_and(|(day, _)| day < first_kept);
            if is_over && entry.file_type()?.is_file() {
                // One that cannot be deleted must not keep the others.
                outcome = fs::remove_file(entry.path()).map_err(|error| placed(&entry.path(), &error)).and(outcome);
            }
        }
        outcome
    }
}

impl DayFile {
    fn open(folder: &Path, day: Date, part: u32) -> io::Result<Self> {
        let path = folder.join(name(day, part));
        let open = || {
            let mut file = options().open(&path)?;
            let mut size = file.metadata()?.len();
            if size > 0 && !ends_a_line(&mut file)? {
                file.write_all(b"\n")?;
                size += 1;
            }
            Ok(Self { day, part, file, size })
        };
        open().map_err(|error| placed(&path, &error))
    }
}

/// Whether the last byte ends a line.
fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn name(day: Date, part: u32) -> String {
    let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
    match part {
        0 => format!("visits-{year:04}-{month:02}-{day:02}.jsonl"),
        _ => format!("visits-{year:04}-{month:02}-{day:02}.{part}.jsonl"),
    }
}

/// The day and the part of a file of ours; nothing for every other name.
fn read_name(text: &str) -> Option<(Date, u32)> {
    let middle = text.strip_prefix("visits-")?.strip_suffix(".jsonl")?;
    let (date, part) = middle.split_once('.').map_or((middle, None), |(date, part)| (date, Some(part)));
    let mut numbers = date.splitn(3, '-');
    let year = numbers.next()?.parse().ok()?;
    let month = Month::try_from(numbers.next()?.parse::<u8>().ok()?).ok()?;
    let day = Date::from_calendar_date(year, month, numbers.next()?.parse().ok()?).ok()?;
    let part = part.map_or(Some(0), |part| part.parse().ok())?;
    // Only the one way in which we write it: no sign, no zero too many.
    (name(day, part) == text).then_some((day, part))
}

/// The same error, with the place.
fn placed(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| placed(folder, &error))
}
