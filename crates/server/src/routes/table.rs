//! What every route demands of its caller: the one place. A route that is not here is the administrator's.

use axum::http::Method;

use crate::auth::{Caller, Role};

/// What a route demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: whoever watches over the service has no key, and is not limited either.
    Open,
    /// At least this role.
    Needs(Role),
    /// At least this role, by a key: somebody without one would have to be an administrator. For what is kept.
    NeedsKey(Role),
}

const READ: Access = Access::Needs(Role::Read);
const ANALYZE: Access = Access::Needs(Role::Analyze);
const ADMIN: Access = Access::Needs(Role::Admin);
/// The bots that have messages judged also pass on what staff say of the verdicts.
const FEEDBACK: Access = Access::NeedsKey(Role::Analyze);

/// Method, path as the router knows it, and what it takes.
pub(crate) const ROUTES: &[(Method, &str, Access)] = &[
    (Method::GET, "/", Access::Open),
    (Method::GET, "/health", Access::Open),
    (Method::GET, "/live", Access::Open),
    (Method::GET, "/ready", Access::Open),
    (Method::GET, "/openapi.json", Access::Open),
    (Method::GET, "/docs", Access::Open),
    (Method::GET, "/docs/", Access::Open),
    (Method::GET, "/docs/{*file}", Access::Open),
    (Method::GET, "/status", READ),
    (Method::GET, "/events", READ),
    (Method::GET, "/metrics", READ),
    (Method::GET, "/stats", READ),
    (Method::GET, "/learning_statistics", READ),
    (Method::GET, "/ensemble/config", READ),
    (Method::GET, "/admin/labels/current", READ),
    (Method::GET, "/admin/labels/list", READ),
    (Method::GET, "/admin/labels/details/{name}", READ),
    (Method::GET, "/admin/labels/validate", READ),
    (Method::GET, "/admin/thresholds/status", READ),
    (Method::POST, "/analyze", ANALYZE),
    (Method::POST, "/analyze/batch", ANALYZE),
    (Method::POST, "/analyze_false_positive", FEEDBACK),
    (Method::POST, "/analyze_false_negative", FEEDBACK),
    (Method::POST, "/update_learning_model", FEEDBACK),
    (Method::POST, "/v1/moderations", ANALYZE),
    (Method::GET, "/v2", READ),
    (Method::GET, "/v2/health/live", Access::Open),
    (Method::GET, "/v2/health/ready", Access::Open),
    (Method::GET, "/v2/models/{name}", READ),
    (Method::GET, "/v2/models/{name}/ready", Access::Open),
    (Method::POST, "/v2/models/{name}/infer", ANALYZE),
    (Method::GET, "/v2/models/{name}/versions/{version}", READ),
    (Method::GET, "/v2/models/{name}/versions/{version}/ready", Access::Open),
    (Method::POST, "/v2/models/{name}/versions/{version}/infer", ANALYZE),
    (Method::POST, "/admin/labels/switch", ADMIN),
    (Method::POST, "/ensemble/set-weights", ADMIN),
    (Method::POST, "/ensemble/refresh-weights", ADMIN),
];

/// Every route by method and path, as the router writes it, with the role it takes; none if it takes none.
pub fn routes() -> impl Iterator<Item = (&'static Method, &'static str, Option<Role>)> {
    ROUTES.iter().map(|(method, path, access)| (method, *path, access.role()))
}

/// What the table says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// It has a row.
    Listed(Access),
    /// Its path has rows, but none of this method.
    OtherMethod {
        /// The least that one of them takes.
        access: Access,
        /// The methods that they have, for the header `Allow`.
        allow: String,
    },
}

/// What a request takes. `path` is the router's; none if no route has it: then there is nothing but a 404 to
/// be had, for which any key will do.
pub(crate) fn rule(method: &Method, path: Option<&str>) -> Rule {
    let Some(path) = path else { return Rule::Listed(READ) };
    // The router answers HEAD by what answers GET.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let rows = || ROUTES.iter().filter(|(_, known, _)| *known == path);
    if let Some((_, _, access)) = rows().find(|(known, _, _)| known == method) {
        return Rule::Listed(*access);
    }
    let Some(access) = rows().map(|(_, _, access)| *access).min_by_key(|access| access.role()) else {
        return Rule::Listed(ADMIN);
    };
    let allow = rows().map(|(known, _, _)| if known == Method::GET { "GET,HEAD" } else { known.as_str() });
    Rule::OtherMethod { access, allow: allow.collect::<Vec<_>>().join(",") }
}

impl Access {
    /// The role it takes; none if it takes none.
    pub(crate) const fn role(self) -> Option<Role> {
        match self {
            Access::Open => None,
            Access::Needs(role) | Access::NeedsKey(role) => Some(role),
        }
    }

    /// The role it takes of this caller.
    pub(crate) fn role_of(self, caller: &Caller) -> Option<Role> {
        match self {
            Access::NeedsKey(_) if caller.key().is_none() => Some(Role::Admin),
            _ => self.role(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_in_the_table_once_or_is_the_administrators() {
        for (index, (method, path, access)) in ROUTES.iter().enumerate() {
            let earlier = &ROUTES[..index];
            assert!(!earlier.iter().any(|(m, p, _)| (m, p) == (method, path)), "{method} {path} twice");
            assert_eq!(rule(method, Some(path)), Rule::Listed(*access));
        }
        assert_eq!(rule(&Method::GET, Some("/forgotten")), Rule::Listed(ADMIN));
        assert_eq!(rule(&Method::GET, None), Rule::Listed(READ));
        assert_eq!(rule(&Method::HEAD, Some("/health")), Rule::Listed(Access::Open));
        let other = Rule::OtherMethod { access: ANALYZE, allow: "POST".into() };
        assert_eq!(rule(&Method::DELETE, Some("/analyze")), other);
    }

    #[test]
    fn nothing_that_changes_the_service_takes_less_than_admin_but_feedback_which_takes_a_key() {
        let judges = |path: &str| {
            ["/analyze", "/analyze/batch", "/v1/moderations"].contains(&path) || path.ends_with("/infer")
        };
        let learns = |path: &str| path.starts_with("/analyze_false_") || path == "/update_learning_model";
        for (method, path, access) in ROUTES.iter().filter(|(m, p, _)| *m != Method::GET && !judges(p)) {
            assert_eq!(*access, if learns(path) { FEEDBACK } else { ADMIN }, "{method} {path}");
        }
        let nobody = |role| Caller::anonymous(role);
        assert_eq!(FEEDBACK.role_of(&nobody(Role::Analyze)), Some(Role::Admin));
        assert_eq!(ANALYZE.role_of(&nobody(Role::Analyze)), Some(Role::Analyze));
    }
}
