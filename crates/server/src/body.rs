//! Reads a request's body, within bounds.

use axum::body::Body;
use http_body_util::BodyExt;

use crate::error::ApiError;

/// How much of a body that is too long is read and thrown away. Many clients read the answer only
/// after they have sent everything; closing on them would turn a clear 413 into a broken pipe.
const DRAIN: usize = 8 << 20;

/// The whole body, or 413 if it is longer than `limit`.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let (mut bytes, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ApiError::Incomplete)?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            bytes.extend_from_slice(&data);
        } else if seen <= limit.saturating_add(DRAIN) {
            bytes = Vec::new();
        } else {
            break;
        }
    }
    if seen <= limit { Ok(bytes) } else { Err(ApiError::BodyTooLarge { limit }) }
}
