//! The consent pages, the banner and the JSON API.

mod look;

pub use self::look::{
    Banner, CookieCard, Declaration, DeclarationGroup, DefaultLook, Direction, Facts, Footer, Language, LanguageError,
    Languages, Look, Message, Messages, Notice, Page, Plural, Preferences, Purpose, RecipientCard, Scene, ScriptTag,
    ServiceRow, SignalReport, StoredFacts, Switch, Update, UpdateEntry, Wording, YourData,
};
