//! The policy of the running demo, and its next revision.

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tower_consent::{ConfigError, PolicyBuilder, PolicyHandle, PublishError, Revision, ServiceEntry, Text};

/// What the next material revision brings.
const NEW_SERVICE: &str = "help-chat";

/// What is published, and the draft of what comes next. A real site edits its file and loads it again; the demo adds to
/// what it was started with, and forgets it at its end.
#[derive(Clone)]
pub(crate) struct Publisher {
    handle: PolicyHandle,
    draft: Arc<Mutex<PolicyBuilder>>,
}

impl Publisher {
    pub(super) fn new(draft: PolicyBuilder) -> Result<Self, ConfigError> {
        let handle = PolicyHandle::new(draft.clone().build()?);
        Ok(Self { handle, draft: Arc::new(Mutex::new(draft)) })
    }

    pub(super) fn handle(&self) -> PolicyHandle {
        self.handle.clone()
    }

    /// Whether the new service is still to come.
    pub(super) fn has_material_revision(&self) -> bool {
        !self.handle.current().services().any(|(name, _)| name == NEW_SERVICE)
    }

    /// A new service: everybody is asked again.
    pub(super) fn publish_material(&self) -> Result<(), PublishingError> {
        let changes = Text::new("A help chat was added. Everybody is asked again.")
            .with("de", "Ein Hilfe-Chat kam hinzu. Alle werden neu gefragt.");
        self.publish(|draft, number| {
            let chat = ServiceEntry::new(NEW_SERVICE, "functional")
                .since(number)
                .label(Text::new("Example Chat").with("de", "Example Chat"))
                .provider("Example Chat GmbH, Berlin")
                .purpose(Text::new("Answers questions about teapots.").with("de", "Beantwortet Fragen zu Teekannen."));
            draft.service_entry(chat).revision(revision(number).changes(changes))
        })
    }

    /// Another sentence: every choice stays, and visitors are told.
    pub(super) fn publish_notice(&self) -> Result<(), PublishingError> {
        let changes = Text::new("A clearer sentence on how long records are kept.")
            .with("de", "Ein klarerer Satz dazu, wie lange Nachweise aufbewahrt werden.");
        self.publish(|draft, number| draft.revision(revision(number).notice().changes(changes)))
    }

    fn publish(&self, change: impl FnOnce(PolicyBuilder, u32) -> PolicyBuilder) -> Result<(), PublishingError> {
        let mut draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.handle.current().revision().number() + 1;
        let next = change(draft.clone(), number);
        self.handle.publish(next.clone().build()?)?;
        *draft = next;
        Ok(())
    }
}

/// A revision of today.
fn revision(number: u32) -> Revision {
    let today = OffsetDateTime::now_utc().date();
    Revision::new(number).on(today.year(), today.month().into(), today.day())
}

#[derive(Debug)]
pub(super) enum PublishingError {
    Policy(ConfigError),
    Revision(PublishError),
}

impl From<ConfigError> for PublishingError {
    fn from(error: ConfigError) -> Self {
        Self::Policy(error)
    }
}

impl From<PublishError> for PublishingError {
    fn from(error: PublishError) -> Self {
        Self::Revision(error)
    }
}
