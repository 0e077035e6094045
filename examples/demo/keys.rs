//! The demo's secrets: made on the first start, and kept beside the database in a file that nobody else can read.
//!
//! A real site takes them from its vault: whoever can write to the database must not know the key of the chain.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
};

const LENGTH: usize = 32;

pub(crate) struct Keys {
    /// Authenticates the consent cookie.
    pub(crate) cookie: [u8; LENGTH],
    /// Links the consent records.
    pub(crate) chain: [u8; LENGTH],
}

impl Keys {
    pub(crate) fn open(file: &Path) -> io::Result<Self> {
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => make(file)?,
            bytes => bytes?,
        };
        let halves = bytes.split_first_chunk().and_then(|(cookie, rest)| Some((*cookie, rest.try_into().ok()?)));
        let unreadable = || io::Error::new(ErrorKind::InvalidData, format!("{}: no file of keys", file.display()));
        let (cookie, chain) = halves.ok_or_else(unreadable)?;
        Ok(Self { cookie, chain })
    }
}

fn make(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 2 * LENGTH];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(&bytes)?;
    Ok(bytes)
}
