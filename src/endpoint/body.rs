//! Reading a request's body, no more of it than allowed.

use std::pin::pin;

use bytes::{Buf, BufMut, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    Broken,
}

/// Reads the whole body. One that says that it is too large is not even begun, and one that does not say so is left as
/// soon as it is.
pub(super) async fn read<B: Body>(body: B, headers: &HeaderMap, limit: usize) -> Result<Vec<u8>, BodyError> {
    let is_above = |length: u64| usize::try_from(length).map_or(true, |length| length > limit);
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if said.is_some_and(is_above) || is_above(body.size_hint().lower()) {
        return Err(BodyError::TooLarge);
    }
    let mut body = pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_the_connection_is_gone| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if data.remaining() > limit.saturating_sub(bytes.len()) {
            return Err(BodyError::TooLarge);
        }
        bytes.put(data);
    }
    Ok(bytes.into())
}
