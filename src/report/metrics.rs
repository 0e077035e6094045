//! Counters through the `metrics` facade.

use std::{cell::RefCell, rc::Rc};

use ::metrics::{Key, KeyName, Label, Level, Metadata};

use super::{Action, Direction};
use crate::{
    category::Category,
    consent::{CategoryIndex, Target},
    policy::{Policy, Reason},
};

const NAME: &str = "consent_cookies_total";
static METADATA: Metadata<'static> = Metadata::new("tower_consent", Level::INFO, Some("tower_consent"));

/// Different counters that one message touches, before they are passed on. Few messages touch more than three.
const ROOM: usize = 8;
/// Keys that a thread keeps. A site sees a dozen different ones; what does not fit is made each time.
const MOST_KEYS: usize = 64;

/// What a counter counts. No label holds a cookie's name: those are anybody's text.
type Labels = (Action, Direction, Option<Category>, Reason, bool);

thread_local! {
    // A key holds its labels on the heap; made once a thread, it costs a message nothing.
    static KEYS: RefCell<Vec<(Labels, Rc<Key>)>> = RefCell::default();
}

/// Adds up the cookies of one message, so that 160 stripped cookies are one increment and not 160.
pub(super) struct Tally<'p> {
    policy: &'p Policy,
    direction: Direction,
    is_enforced: bool,
    counts: [Option<Count>; ROOM],
}

#[derive(Clone, Copy)]
struct Count {
    action: Action,
    category: Option<CategoryIndex>,
    reason: Reason,
    cookies: u64,
}

impl<'p> Tally<'p> {
    pub(super) const fn new(policy: &'p Policy, direction: Direction, is_enforced: bool) -> Self {
        Self { policy, direction, is_enforced, counts: [None; ROOM] }
    }

    pub(super) fn count(&mut self, action: Action, reason: Reason, target: Option<Target>) {
        let category = target.and_then(|target| self.policy.category_of(target));
        let one = Count { action, category, reason, cookies: 1 };
        for slot in &mut self.counts {
            match slot {
                Some(known) if (known.action, known.category, known.reason) == (action, category, reason) => {
                    known.cookies += 1;
                    return;
                }
                Some(_) => {}
                None => {
                    *slot = Some(one);
                    return;
                }
            }
        }
        self.pass_on(one);
    }

    fn pass_on(&self, count: Count) {
        let category = count.category.and_then(|index| self.policy.names.category(index));
        let labels = (count.action, self.direction, category, count.reason, self.is_enforced);
        // Taken out before the recorder is called: it may come back here.
        let known =
            KEYS.with_borrow(|keys| keys.iter().find(|(known, _)| *known == labels).map(|(_, key)| Rc::clone(key)));
        let key = known.unwrap_or_else(|| {
            let key = Rc::new(key(labels));
            KEYS.with_borrow_mut(|keys| {
                if keys.len() < MOST_KEYS {
                    keys.push((labels, Rc::clone(&key)));
                }
            });
            key
        });
        ::metrics::with_recorder(|recorder| recorder.register_counter(&key, &METADATA).increment(count.cookies));
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        self.counts.into_iter().flatten().for_each(|count| self.pass_on(count));
    }
}

fn key((action, direction, category, reason, is_enforced): Labels) -> Key {
    let category = category.map_or_else(|| "unknown".to_owned(), |category| category.to_string());
    let labels = vec![
        Label::from_static_parts("action", action.as_str()),
        Label::from_static_parts("direction", direction.as_str()),
        Label::new("category", category),
        Label::from_static_parts("reason", reason.as_str()),
        Label::from_static_parts("enforced", if is_enforced { "true" } else { "false" }),
    ];
    Key::from_parts(KeyName::from_const_str(NAME), labels)
}
