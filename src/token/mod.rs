//! Sign-in tokens: seven days exactly, gone at log-out.
//!
//! 1. A [`Token`] is 256 bits from the operating system. It means nothing, and the store sees only its SHA-256 (R119, R120).
//! 2. It lives exactly as long as the policy says from its issue, seven days by default, used or not: valid at +604,799
//!    seconds, refused at +604,800. The server's clock ends it, not the cookie's Max-Age (R121).
//! 3. It travels in one cookie that is Secure, HttpOnly, SameSite=Lax and on Path `/`, or as `Authorization: Bearer`. It
//!    is never read from a URL or a body. Two that differ are none (R53, R122).
//! 4. Unknown, ended and malformed tokens are one: anonymous, and the cookie is expired (R123); not with the answer to
//!    a part of a page, which may be late (`Sec-Fetch-Dest`).
//! 5. A log-out deletes it from the store first, then in the browser; whoever comes later with it is refused (R124).
//! 6. A sign-in ends the token that came with its request, or both of two that differ (R74).
//! 7. Nothing looks into the store unless a handler asks, and then once a request. Where there is an idle limit, a use is
//!    noted now and then, and a token that idled too long is deleted when it is seen.
//!
//! # Caveats
//!
//! A fixed life of seven days meets NIST SP 800-63B AAL1 (30 days), and neither AAL2 (24 hours) nor AAL3 (12 hours): set
//! a shorter life and an idle limit where those are asked for (R126). A cookie that outlives the browser is exempt from
//! consent only if the visitor chose it: put *keep me signed in* on the form (R112). A log-out should be a POST;
//! SameSite=Lax keeps the cookie out of other sites' POSTs.

mod context;
mod issue;
mod layer;
mod limits;
mod presented;
mod rejection;
mod require;
mod secret;
mod service;
mod session;
mod sign_in;
mod tokens;

pub use self::{
    context::TokenContext,
    issue::{Issued, NewToken},
    layer::TokenLayer,
    rejection::{RejectionKind, SessionRejection},
    require::{RequireSession, RequireSessionFuture, RequireSessionService},
    secret::Token,
    service::{TokenFuture, TokenService},
    session::{Ended, Session},
    sign_in::{SignIn, SignInAnswer, SignedIn},
    tokens::{Tokens, TokensBuilder},
};
