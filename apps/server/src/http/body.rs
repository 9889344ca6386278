//! Reading a request's body, bounded in size, in time, and in what all bodies together may hold.

use std::sync::Arc;

use bytes::Buf;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use secret::SecretBuffer;
use tokio::time::{Instant, timeout_at};

use super::budget::{Budget, Share};
use super::refusal::Refusal;
use crate::limits::Limits;

/// The first piece of memory for a body whose peer has promised more.
const FIRST_PIECE: usize = 16 << 10;

/// A body, and its share of the memory for bodies.
pub(crate) struct Whole {
    pub(crate) bytes: SecretBuffer,
    pub(crate) share: Share,
}

/// Reads `body` to its end.
pub(crate) async fn read(
    mut body: Incoming,
    limits: &Limits,
    budget: &Arc<Budget>,
) -> Result<Whole, Refusal> {
    let promised = body.size_hint().exact().unwrap_or(0);
    if promised > u64::try_from(limits.body).unwrap_or(u64::MAX) {
        return Err(Refusal::BodyTooLarge);
    }
    let promised = usize::try_from(promised).unwrap_or(limits.body);
    let mut whole = Whole {
        bytes: SecretBuffer::with_capacity(promised.min(FIRST_PIECE)),
        share: Share::of(budget),
    };
    if body.is_end_stream() {
        return Ok(whole);
    }
    let deadline = Instant::now() + limits.body_time;
    while let Some(frame) = timeout_at(deadline, body.frame())
        .await
        .map_err(|_| Refusal::BodyTooSlow)?
    {
        let frame = frame.map_err(|_| Refusal::BodyBroken)?;
        let Ok(mut piece) = frame.into_data() else {
            continue; // trailers: nothing here reads them
        };
        let length = piece.remaining();
        if whole.bytes.len() + length > limits.body {
            return Err(Refusal::BodyTooLarge);
        }
        // Only bytes that did arrive are taken from the budget: promises are free.
        timeout_at(deadline, whole.share.grow(length))
            .await
            .map_err(|_| Refusal::Overloaded)?;
        piece.copy_to_slice(whole.bytes.grow(length));
    }
    Ok(whole)
}
