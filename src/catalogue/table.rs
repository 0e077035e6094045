//! The Open Cookie Database as static tables: made by `examples/catalogue`, never by hand.

/// A name: its start in `NAMES`, its length, twice the number of its label (and one for a prefix), and the places of its
/// platform, domain and retention in `TEXTS`. Ten bytes.
#[derive(Debug)]
pub(super) struct Row(pub(super) u16, pub(super) u8, pub(super) u8, pub(super) u16, pub(super) u16, pub(super) u16);

include!("open-cookie-database/table.in");
