//! What stands under which path, and which methods it knows.

use http::Method;

use super::public_path::PublicPath;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Preferences,
    Cookies,
    Update,
    YourData,
    Choice,
    Style,
    Script,
    ApiState,
    ApiChoice,
    ApiWithdraw,
    ApiDescription,
}

impl Route {
    /// The route of a request's path. Routers that nest services strip the public path, others do not.
    pub(super) fn find(public: &PublicPath, path: &str) -> Option<Self> {
        public.strip(path).and_then(Self::below).or_else(|| Self::below(path))
    }

    fn below(path: &str) -> Option<Self> {
        Some(match path {
            "" | "/" => Self::Preferences,
            "/cookies" => Self::Cookies,
            "/update" => Self::Update,
            "/your-data" => Self::YourData,
            "/choice" => Self::Choice,
            "/style.css" => Self::Style,
            "/consent.js" => Self::Script,
            "/api/state" => Self::ApiState,
            "/api/choice" => Self::ApiChoice,
            "/api/withdraw" => Self::ApiWithdraw,
            "/api/openapi.json" => Self::ApiDescription,
            _ => return None,
        })
    }

    /// Whether it speaks JSON, and answers other origins.
    pub(super) const fn is_api(self) -> bool {
        matches!(self, Self::ApiState | Self::ApiChoice | Self::ApiWithdraw | Self::ApiDescription)
    }

    /// The methods that it knows, for `Allow`.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Choice | Self::ApiChoice | Self::ApiWithdraw => "POST, OPTIONS",
            Self::YourData => "GET, HEAD, POST, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    pub(super) fn knows(self, method: &Method) -> bool {
        self.allow().split(", ").any(|known| known == method.as_str())
    }
}
