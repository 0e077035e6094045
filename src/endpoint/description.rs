//! The OpenAPI document of the JSON API, with the public path filled in.

use bytes::Bytes;

use super::public_path::PublicPath;

/// The document, with a mark where the public path stands.
const DOCUMENT: &str = include_str!("openapi.json");
const MARK: &str = "{public-path}";

/// The document of the pages at this path. Nothing in a public path means anything in JSON.
pub(super) fn at(path: &PublicPath) -> Bytes {
    DOCUMENT.replace(MARK, path.as_str()).replace("{crate-version}", env!("CARGO_PKG_VERSION")).into()
}
