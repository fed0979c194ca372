//! Keys and roles, from the table of routes: nothing here could say otherwise than the guard does.

use axum::http::Method;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi};

use crate::auth::KEY_HEADER;
use crate::routes::table::{Access, ROUTES};

const OWN: &str = "key";
const BEARER: &str = "bearer";

/// Says of every operation which role it takes, and how a key is shown.
pub(super) struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut OpenApi) {
        let own = ApiKeyValue::with_description(KEY_HEADER, "A key of `ash-nlp keys add`.");
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("The same key as a bearer token.")).build();
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme(OWN, SecurityScheme::ApiKey(ApiKey::Header(own)));
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
        for (method, path, access) in ROUTES {
            let item = document.paths.paths.get_mut(*path);
            let Some(operation) = item.and_then(|item| operation(item, method)) else { continue };
            let takes = match access {
                Access::Open => {
                    operation.security = Some(Vec::new());
                    continue;
                }
                Access::Needs(role) => format!("Takes the role `{role}`."),
                Access::NeedsKey(role) => {
                    format!(
                        "Takes the role `{role}`; of a service without keys it can only be asked on its machine."
                    )
                }
            };
            let said = operation.description.take().unwrap_or_default();
            operation.description = Some(format!("{said}\n\n{takes}").trim().to_owned());
            let either = [OWN, BEARER].map(|scheme| SecurityRequirement::new::<_, _, String>(scheme, []));
            operation.security = Some(either.into());
        }
    }
}

/// The document of a service that looks at no keys.
pub(super) fn open(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for method in [Method::GET, Method::POST] {
            if let Some(operation) = operation(item, &method) {
                operation.security = Some(Vec::new());
                operation.responses.responses.remove("401");
            }
        }
    }
    document
}

/// The operation of `item` that answers to `method`.
pub(super) fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        _ => None,
    }
}
