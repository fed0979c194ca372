//! In whose words an error is told: clients of other protocols read errors too, each in its own shape.
//!
//! Everybody says `ApiError`, also those before and around the handlers (`guard`, `envelope`), who know nothing of
//! protocols. Its answer carries the error along; here, on the way out, it is told in the shape of the path.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::routes::{moderations, oip};

/// The protocol that a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Ash-NLP's own.
    Own,
    /// That of the OpenAI API: everything under /v1.
    OpenAi,
    /// The Open Inference Protocol: everything under /v2.
    OpenInference,
}

impl Dialect {
    /// Of a request's path.
    pub(crate) fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("v1") => Dialect::OpenAi,
            Some("v2") => Dialect::OpenInference,
            _ => Dialect::Own,
        }
    }

    /// The answer; if it is an error, in this dialect, with the headers that it had.
    pub(crate) fn spoken(self, response: Response) -> Response {
        let Some(error) = response.extensions().get::<ApiError>() else { return response };
        let told = match self {
            Dialect::Own => return response,
            Dialect::OpenAi => moderations::told(error).into_response(),
            Dialect::OpenInference => oip::told(error).into_response(),
        };
        let (mut parts, _) = response.into_parts();
        parts.status = told.status();
        // That of the old body; the server writes that of the new one.
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, told.into_body())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn a_path_belongs_to_the_protocol_of_its_first_part() {
        for (path, dialect) in [
            ("/v1/moderations", Dialect::OpenAi),
            ("/v1/anything/else", Dialect::OpenAi),
            ("/v2", Dialect::OpenInference),
            ("/v2/", Dialect::OpenInference),
            ("/v2/models/x/infer", Dialect::OpenInference),
            ("/v22", Dialect::Own),
            ("/analyze", Dialect::Own),
            ("/", Dialect::Own),
            ("", Dialect::Own),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }

    #[test]
    fn an_answer_that_is_no_error_is_left_alone() {
        let response = (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response();
        assert_eq!(Dialect::OpenAi.spoken(response).status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
