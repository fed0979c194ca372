//! Stands before every route: who asks, whether it may, and whether it asks too much.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ash_runtime::telemetry::{AuthFailed, RateLimited};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::body;
use crate::door::Door;
use crate::error::ApiError;
use crate::opening::Rehearsal;
use crate::routes::table::{Access, Rule, rule};

/// How long the body of a refused request may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs the rest with the [`Caller`] in the request's extensions, or answers 401, 403, 405 or 429.
pub(crate) async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Rehearsal>().is_some() {
        request.extensions_mut().insert(Caller::anonymous(Role::Analyze));
        return next.run(request).await;
    }
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let (access, allow) = match rule(request.method(), path.as_deref()) {
        Rule::Listed(access) => (access, None),
        Rule::OtherMethod { access, allow } => (access, Some(allow)),
    };
    if access != Access::Open {
        match admit(&app.door, &request) {
            Ok(caller) => match access.role_of(&caller).filter(|needs| caller.role() < *needs) {
                None => drop(request.extensions_mut().insert(caller)),
                Some(needs) => {
                    app.count(&AuthFailed);
                    return refuse(request, ApiError::Forbidden { needs, has: caller.role() }).await;
                }
            },
            Err(error) => {
                match error {
                    ApiError::RateLimited { .. } => app.count(&RateLimited),
                    _ => app.count(&AuthFailed),
                }
                return refuse(request, error).await;
            }
        }
    }
    let Some(allow) = allow else { return next.run(request).await };
    let mut response = refuse(request, ApiError::WrongMethod).await;
    if let Ok(allow) = HeaderValue::from_str(&allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// Answers with the error once the body is out of the way: to close on a client that still sends would turn
/// a clear 401 into a broken pipe. For a moment only; whoever is that slow loses his answer.
async fn refuse(request: Request, error: ApiError) -> Response {
    let _ = tokio::time::timeout(PATIENCE, body::read(request.into_body(), 0)).await;
    error.into_response()
}

/// Who asks, counted: with a key by the key, without a valid one by the address, so that guessing keys is
/// limited too.
fn admit(door: &Door, request: &Request) -> Result<Caller, ApiError> {
    let caller = door.caller(request.headers());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
    door.gate
        .admit(caller.as_ref().ok(), peer, request.headers())
        .map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    caller.map_err(ApiError::Unauthorized)
}

#[cfg(test)]
mod tests {
    use ash_runtime::{Overrides, Settings};
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use axum::{Router, middleware};
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    /// Behind the guard: a route for administrators, and one that the table does not know.
    fn guarded(overrides: Overrides, address: &str) -> TowerToHyperService<Router> {
        let settings = Settings::load(None, overrides).unwrap();
        let door = Door::new(&settings, address.parse().unwrap()).unwrap();
        let app = Arc::new(App::new(settings.server.clone(), door));
        let router = Router::new()
            .route("/ensemble/set-weights", post(|| async {}))
            .route("/forgotten", get(|| async {}))
            .route("/analyze", post(|| async {}))
            .layer(middleware::from_fn_with_state(app, guard));
        TowerToHyperService::new(router)
    }

    async fn status(
        service: &TowerToHyperService<Router>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> StatusCode {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        service.call(request.body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_web_page_or_a_stranger_cannot_administer_a_service_without_keys() {
        let local = guarded(Overrides::default(), "127.0.0.1:8881");
        for path in [("POST", "/ensemble/set-weights"), ("GET", "/forgotten")] {
            let ask = |headers| status(&local, path.0, path.1, headers);
            assert_eq!(ask(&[("host", "127.0.0.1:8881")]).await, 200);
            assert_eq!(ask(&[("host", "127.0.0.1:8881"), ("origin", "https://evil.example")]).await, 403);
            assert_eq!(ask(&[("host", "evil.example:8881")]).await, 403);
        }
        let open = guarded(Overrides::default().set("auth.allow_anonymous", true), "0.0.0.0:8881");
        assert_eq!(status(&open, "POST", "/ensemble/set-weights", &[("host", "127.0.0.1")]).await, 403);
        assert_eq!(status(&open, "POST", "/analyze", &[("host", "ash.example")]).await, 200);
    }

    #[tokio::test]
    async fn a_route_that_the_table_forgot_is_closed_to_all_but_administrators() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let key = |role: crate::auth::Role| {
            let entry = crate::auth::NewEntry { name: role.to_string(), role, critical_as_high: false };
            crate::auth::add_key(&file, &entry).unwrap().expose().to_owned()
        };
        let [read, analyze, admin] = crate::auth::Role::ALL.map(key);
        let service = guarded(Overrides::default().set("auth.keys_file", &file), "0.0.0.0:8881");
        for (key, expected) in [(read, 403), (analyze, 403), (admin, 200)] {
            let headers = [("authorization", format!("Bearer {key}"))];
            let headers = [(headers[0].0, headers[0].1.as_str())];
            assert_eq!(status(&service, "GET", "/forgotten", &headers).await, expected);
        }
        assert_eq!(status(&service, "GET", "/forgotten", &[]).await, 401);
    }
}
