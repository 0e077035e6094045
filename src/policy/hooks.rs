//! What the application says of single requests and lines.

use std::sync::Arc;

use http::{HeaderName, Request, request::Parts};

use super::{
    Policy,
    regime::Regime,
    regions::CountryTable,
    verdict::{Narrow, Verdict},
};

type Hook<T> = Arc<dyn Fn(&Parts) -> T + Send + Sync>;
type DropHook = Arc<dyn Fn(&SetCookieLine<'_>) -> bool + Send + Sync>;

#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(super) regime: Option<Hook<Regime>>,
    /// In place of `regime`: the policy has only one of them.
    pub(super) regions: Option<CountryTable>,
    pub(super) regime_headers: Vec<HeaderName>,
    pub(super) stand_down: Option<Hook<bool>>,
    pub(super) narrow: Option<Hook<Narrow>>,
    pub(super) drop_cookie: Option<DropHook>,
}

/// What the application says of one request.
#[derive(Debug)]
pub(crate) struct Circumstances {
    /// The layer leaves the request alone.
    pub(crate) stands_down: bool,
    pub(crate) regime: Regime,
    pub(crate) narrow: Narrow,
}

/// A `Set-Cookie` line that is about to leave, as the cookie hook sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SetCookieLine<'a> {
    /// The cookie's name.
    pub name: &'a [u8],
    /// The whole line.
    pub line: &'a [u8],
    /// Why the line would be kept.
    pub verdict: Verdict,
    /// Whether the line only deletes the cookie.
    pub is_deletion: bool,
}

impl Policy {
    /// What the application's hooks say of a request. Only a policy that has any looks at the request's parts, which
    /// have to be taken out of it.
    pub(crate) fn consult<B>(&self, request: Request<B>) -> (Request<B>, Circumstances) {
        let Hooks { regime, regions, stand_down, narrow, .. } = &self.hooks;
        let of_place = regions.as_ref().map_or(self.regime, |regions| regions.regime(request.headers()));
        if regime.is_none() && stand_down.is_none() && narrow.is_none() {
            let circumstances = Circumstances { stands_down: false, regime: of_place, narrow: Narrow::nothing() };
            return (request, circumstances);
        }
        let (parts, body) = request.into_parts();
        let stands_down = stand_down.as_ref().is_some_and(|predicate| predicate(&parts));
        let circumstances = if stands_down {
            Circumstances { stands_down, regime: of_place, narrow: Narrow::nothing() }
        } else {
            Circumstances {
                stands_down,
                regime: regime.as_ref().map_or(of_place, |resolver| resolver(&parts)),
                narrow: narrow.as_ref().map_or_else(Narrow::nothing, |hook| hook(&parts)),
            }
        };
        (Request::from_parts(parts, body), circumstances)
    }

    pub(crate) fn regime_headers(&self) -> &[HeaderName] {
        &self.hooks.regime_headers
    }

    pub(crate) fn hook_drops(&self, line: &SetCookieLine<'_>) -> bool {
        self.hooks.drop_cookie.as_ref().is_some_and(|hook| hook(line))
    }

    pub(crate) fn has_drop_hook(&self) -> bool {
        self.hooks.drop_cookie.is_some()
    }
}
