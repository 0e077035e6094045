//! The cookies of one banner in one request.

/// Cookies that are kept: no banner writes as many, and what is more is not looked at.
const MAX_COOKIES: usize = 64;

/// Cookies by name, in the order of the request, copies of one name included. Values are raw: cut at `;` and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar<'a> {
    cookies: Vec<(&'a [u8], &'a [u8])>,
    is_full: bool,
}

/// There are two cookies of one name, and they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Differ;

impl<'a> Jar<'a> {
    pub(crate) fn add(&mut self, name: &'a [u8], value: &'a [u8]) {
        if self.cookies.len() == MAX_COOKIES {
            self.is_full = true;
        } else {
            self.cookies.push((name, value));
        }
    }

    /// Whether there were more than fit.
    pub(crate) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Every cookie, as name and value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.cookies.iter().copied()
    }

    /// Every value of this name.
    pub(crate) fn values<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = &'a [u8]> + 's {
        self.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The cookies whose name begins so, as what follows and value.
    pub(crate) fn with_prefix<'s>(&'s self, prefix: &'s [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + 's {
        self.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    /// The value of this name.
    ///
    /// # Errors
    ///
    /// Two copies that differ.
    pub(crate) fn value(&self, name: &[u8]) -> Result<Option<&'a [u8]>, Differ> {
        let mut values = self.values(name);
        let first = values.next();
        if values.any(|other| Some(other) != first) { Err(Differ) } else { Ok(first) }
    }
}
