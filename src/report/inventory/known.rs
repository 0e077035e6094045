//! What is known of a name before any policy speaks.

#[cfg(feature = "catalogue")]
use crate::catalogue::{Catalogue, CatalogueEntry, framework_cookie};
use crate::catalogue::{KnownCookie, Preset};

/// Who is known to use a name, the surest first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// A framework's own: any application of it may have it, and any other one too.
    #[cfg(feature = "catalogue")]
    Framework(crate::catalogue::FrameworkCookie),
    Preset(Preset, &'static KnownCookie),
    #[cfg(feature = "catalogue")]
    Catalogue(CatalogueEntry),
}

impl Known {
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        #[cfg(feature = "catalogue")]
        if let Some(framework) = framework_cookie(name) {
            return Some(Self::Framework(framework));
        }
        if let Some((preset, known)) = preset(name) {
            return Some(Self::Preset(preset, known));
        }
        #[cfg(feature = "catalogue")]
        return Catalogue::lookup(name).map(Self::Catalogue);
        #[cfg(not(feature = "catalogue"))]
        None
    }
}

/// The first preset that has a name, with the cookie that it knows.
fn preset(name: &[u8]) -> Option<(Preset, &'static KnownCookie)> {
    let of = |preset: Preset| {
        let mut cookies = preset.cookies().iter();
        cookies.find(|known| is_of(known, name)).map(|known| (preset, known))
    };
    Preset::ALL.iter().copied().find_map(of)
}

/// Whether a name falls under a preset's cookie.
pub(super) fn is_of(known: &KnownCookie, name: &[u8]) -> bool {
    match known.name.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()),
        None => name == known.name.as_bytes(),
    }
}
