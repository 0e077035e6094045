//! Which cookies a running site really uses: by name, never a value.
//!
//! 1. An entry is a name, how often and on which days it was seen in each direction, and what its `Set-Cookie` lines say
//!    beside the value.
//! 2. It is bounded: at most [`MOST_NAMES`] names that servers set and as many that only visitors show, of at most
//!    [`LONGEST_NAME`] bytes each, with at most four scopes. What is more is counted, and dropped. So visitors, who can
//!    send any names, cannot use up the room of those that the application's own parts set.
//! 3. A name that is not seen any more goes after the policy's [`Retention::inventory`](crate::Retention::inventory): at
//!    the first message of a day, and before anything is read.
//! 4. Known names are noted under a read lock, with counters that are added to in place; only a name that is new takes
//!    the table for itself, for one insertion. Nothing else is done under either.

#[cfg(feature = "draft")]
mod draft;
mod facts;
mod known;
mod snapshot;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
};

#[cfg(feature = "draft")]
pub use self::draft::Draft;
use self::facts::Entry;
pub(crate) use self::facts::SetLine;
pub use self::{
    facts::{HowOften, SeenAttributes, SeenScope},
    snapshot::{DroppedSightings, InventorySnapshot, SeenCookie, Standing},
};
use crate::{
    clock::{Clock, SystemClock},
    policy::{Lifetime, day_of},
};

/// Names of each kind that an inventory holds: set by servers, and only shown by visitors.
const MOST_NAMES: usize = 1_024;
/// Bytes of a name; longer ones are dropped. Real ones have fewer than a hundred.
const LONGEST_NAME: usize = 256;

const DAY: i64 = 86_400;

/// The cookies that a site uses, gathered while it runs: names, directions, counts, days and attributes, never values.
///
/// A clone is a handle on the same inventory. Give one to [`ConsentLayer::with_inventory`](crate::ConsentLayer::with_inventory),
/// let the site run in report-only mode (or enforcing: it is told of everything either way), and ask it what the policy
/// lacks ([`undeclared`](Self::undeclared)) or for a whole policy to begin with (`draft`, with the feature of that name).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response, header::SET_COOKIE};
/// use tower::{Layer, Service, service_fn};
/// use tower_consent::{ConsentLayer, Inventory, Policy};
///
/// let policy = Policy::builder().report_only().essential(["csrf"]).build()?;
/// let inventory = Inventory::new();
/// let layer = ConsentLayer::new(policy).with_inventory(inventory.clone());
///
/// let mut app = layer.layer(service_fn(async |_: Request<()>| {
///     let mut answer = Response::new("hello");
///     answer.headers_mut().append(SET_COOKIE, "basket=secret; Path=/; Max-Age=3600".parse()?);
///     Ok::<_, Box<dyn std::error::Error>>(answer)
/// }));
/// app.call(Request::get("/").header("cookie", "csrf=1; basket=secret").body(())?).await?;
///
/// let undeclared = inventory.undeclared(&layer.policy());
/// assert_eq!(undeclared.len(), 1);
/// assert_eq!(undeclared[0].to_string(), "basket: 1 in requests, set 1 time; not known");
/// # Ok(())
/// # }
/// ```
///
/// # Bounds
///
/// At most 1,024 names that answers set and as many that requests alone show, of at most 256 bytes each; what is more is
/// counted in [`DroppedSightings`]. Some 300 KiB with ordinary names, 5 MiB at the very most. A name that is not seen
/// any more goes after 90 days, or what [`Retention`](crate::Retention) says.
///
/// # Cost
///
/// Without an inventory: a branch a message. With one: a read lock and a clock reading a message, and a look-up a cookie;
/// nothing is allocated for a name that is known.
///
/// # Personal data
///
/// Values are never looked at. Some programs write an id into a *name* or a *path*; that is why an inventory is bounded in
/// time as well.
#[derive(Clone)]
pub struct Inventory(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    table: RwLock<HashMap<Box<[u8]>, Entry>>,
    /// How many entries of the table have been set by an answer.
    set_names: AtomicUsize,
    /// The day, counted from 1970, on which old names were last looked for.
    tidied_on: AtomicI64,
    dropped: Dropped,
}

/// Sightings that were not noted.
#[derive(Default)]
struct Dropped {
    in_requests: AtomicU64,
    in_responses: AtomicU64,
    nameless: AtomicU64,
}

impl Inventory {
    /// An empty inventory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// An empty inventory that lives by another clock: the layer's own in a test, or that of a recording.
    pub fn with_clock(clock: impl Clock) -> Self {
        Self(Arc::new(Shared {
            clock: Arc::new(clock),
            table: RwLock::default(),
            set_names: AtomicUsize::new(0),
            tidied_on: AtomicI64::new(i64::MIN),
            dropped: Dropped::default(),
        }))
    }

    /// Forgets everything, the counts of what was dropped included.
    pub fn clear(&self) {
        let mut table = self.0.write();
        table.clear();
        self.0.set_names.store(0, Ordering::Relaxed);
        let Dropped { in_requests, in_responses, nameless } = &self.0.dropped;
        [in_requests, in_responses, nameless].into_iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }

    /// Begins to note the cookies of one message.
    pub(crate) fn sheet(&self, retention: Lifetime) -> Sheet<'_> {
        let shared = &*self.0;
        let now = shared.clock.unix_seconds();
        let today = now.div_euclid(DAY);
        if shared.tidied_on.fetch_max(today, Ordering::Relaxed) < today {
            shared.tidy(retention, now);
        }
        Sheet { shared, now, today, table: Some(shared.read()) }
    }

    /// Forgets what was not seen for so long.
    fn tidy(&self, retention: Lifetime) {
        self.0.tidy(retention, self.0.clock.unix_seconds());
    }
}

impl Default for Inventory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inventory").field("names", &self.0.read().len()).finish_non_exhaustive()
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<Box<[u8]>, Entry>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Box<[u8]>, Entry>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn tidy(&self, retention: Lifetime, now: i64) {
        let mut table = self.write();
        table.retain(|_, entry| retention.end_from_day(day_of(entry.last_day().saturating_mul(DAY))) > now);
        let set = table.values().filter(|entry| entry.is_set()).count();
        self.set_names.store(set, Ordering::Relaxed);
    }

    /// Whether there is room for another name of this kind.
    fn has_room(&self, names: usize, is_set: bool) -> bool {
        let set = self.set_names.load(Ordering::Relaxed);
        let of_kind = if is_set { set } else { names.saturating_sub(set) };
        names < 2 * MOST_NAMES && of_kind < MOST_NAMES
    }
}

/// Where the cookies of one message are noted. It holds the table for reading.
pub(crate) struct Sheet<'i> {
    shared: &'i Shared,
    now: i64,
    today: i64,
    /// Let go only while a new name is put in.
    table: Option<RwLockReadGuard<'i, HashMap<Box<[u8]>, Entry>>>,
}

impl Sheet<'_> {
    /// The time of the message, in Unix seconds.
    pub(crate) const fn now(&self) -> i64 {
        self.now
    }

    /// A request shows a cookie of this name.
    pub(crate) fn shown(&mut self, name: &[u8]) {
        self.note(name, None);
    }

    /// An answer sets or deletes a cookie of this name.
    pub(crate) fn set(&mut self, name: &[u8], line: &SetLine<'_>) {
        self.note(name, Some(line));
    }

    fn note(&mut self, name: &[u8], line: Option<&SetLine<'_>>) {
        let Dropped { in_requests, in_responses, nameless } = &self.shared.dropped;
        let dropped = if line.is_some() { in_responses } else { in_requests };
        if name.is_empty() {
            nameless.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Some(table) = &self.table else { return };
        if let Some(entry) = table.get(name) {
            self.shared.add(entry, self.today, line);
        } else if name.len() <= LONGEST_NAME && self.shared.has_room(table.len(), line.is_some()) {
            self.insert(name, line);
        } else {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[cold]
    fn insert(&mut self, name: &[u8], line: Option<&SetLine<'_>>) {
        // A reader that waits for itself as a writer would wait for ever.
        self.table = None;
        let mut table = self.shared.write();
        // Others may have been faster, with this name or with the last place.
        if table.contains_key(name) || self.shared.has_room(table.len(), line.is_some()) {
            let entry = table.entry(name.into()).or_insert_with(|| Entry::new(self.today));
            self.shared.add(entry, self.today, line);
        }
        drop(table);
        self.table = Some(self.shared.read());
    }
}

impl Shared {
    fn add(&self, entry: &Entry, today: i64, line: Option<&SetLine<'_>>) {
        match line {
            None => entry.shown(today),
            Some(line) => {
                if entry.set(today, line) {
                    self.set_names.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}
