//! Everything that `#[session_or_m2m]` accepts, on axum handlers.
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use st_m2m::{Caller, HasValue, Principal, PrincipalGuard, Session, session_or_m2m};

static EMAIL_VERIFIED: HasValue = HasValue::is_true("st-ev");

mod claims {
    pub(crate) const SECOND_FACTOR: super::HasValue = super::HasValue::is_true("st-mfa");
}

/// Any user, any service.
#[session_or_m2m]
pub async fn anyone() {}

#[session_or_m2m(from = "orders")]
async fn one(#[caller] _who: Principal) {}

#[session_or_m2m(
    from = ["orders", "checkout"],
    user(
        anti_csrf = on,
        check_database = off,
        tenant = "t1",
        claims(EMAIL_VERIFIED, claims::SECOND_FACTOR),
    ),
    crate = ::st_m2m,
)]
async fn several(
    State(limit): State<u64>,
    #[caller] mut who: Option<Session>,
    Path(id): Path<u64>,
    Json(body): Json<u64>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    #![allow(unused_assignments, unused_variables)]
    if id > limit {
        return Err((StatusCode::CONFLICT, id.to_string()));
    }
    let checked = body.checked_add(1).ok_or((StatusCode::GONE, String::new()))?;
    who = who.clone();
    Ok(Json(checked))
}

#[session_or_m2m(user(check_database, anti_csrf = off))]
#[axum::debug_handler]
async fn checked(#[caller] _: Option<Caller>, Path(_): Path<u64>) -> &'static str {
    ""
}

#[session_or_m2m]
#[axum::debug_handler(state = u64)]
async fn checked_too(State(state): State<u64>, #[caller] who: Principal, mut body: String) -> impl IntoResponse {
    body.push_str(&state.to_string());
    let name = match &who {
        Principal::User(session) => session.user_id(),
        Principal::Service(caller) => caller.service().unwrap_or_default(),
    };
    format!("{name} {body}")
}

#[session_or_m2m]
async fn generic<S, const N: usize>(State(state): State<S>) -> [String; N]
where
    S: ToString + Send + 'static,
{
    [const { String::new() }; N].map(|_| state.to_string())
}

/// Neither an argument nor the answer says what `T` is.
#[session_or_m2m]
async fn only_named<T: Default + ToString>() -> String {
    T::default().to_string()
}

mod reexported {
    pub(crate) use st_m2m as m2m;
}

#[reexported::m2m::session_or_m2m(user(claims(EMAIL_VERIFIED)), crate = crate::reexported::m2m)]
async fn renamed(#[caller] _: reexported::m2m::Principal) {}

#[session_or_m2m]
async fn borrowed<'a>(one: &'a str, _other: &str) -> &'a str {
    one
}

#[session_or_m2m]
async fn implied(id: impl ToString + Send + 'static) -> impl Fn() -> String {
    move || id.to_string()
}

#[session_or_m2m]
async fn conditional(
    #[cfg(unix)]
    #[caller]
    _who: Principal,
    #[cfg(not(unix))] _id: Path<u64>,
    #[cfg(unix)] _id: Path<u64>,
    #[expect(unused_variables)] unused: Path<u64>,
) {
}

#[session_or_m2m]
#[cfg(any())]
async fn absent() -> Missing {}

#[session_or_m2m]
#[expect(unused_variables, reason = "holds for the body")]
#[deprecated = "and is no warning here"]
async fn linted() {
    let unused = 5;
}

#[session_or_m2m]
async fn r#type(r#type: Path<u64>, r#fn: String) -> String {
    r#fn + &r#type.to_string()
}

#[session_or_m2m]
async fn größe(größe: Path<u64>, __m2m: State<u64>, __caller: State<u64>, #[caller] _who: Principal, __1: String) -> String {
    größe.to_string() + &__m2m.to_string() + &__caller.to_string() + &__1
}

#[session_or_m2m]
async fn recursive(#[caller] who: Principal, depth: Path<u64>) -> u64 {
    match depth.0 {
        0 => 0,
        depth => 1 + Box::pin(recursive(who, Path(depth - 1))).await,
    }
}

fn main() {
    static NESTED: HasValue = HasValue::is_false("banned");

    #[session_or_m2m(user(claims(NESTED)))]
    async fn nested() {}

    async fn called(guard: PrincipalGuard<__Policy_implied>) {
        let _ = implied(guard, 5_u64).await;
    }
    let _ = (borrowed, called, recursive);
    #[allow(deprecated)]
    let _: Router = Router::new()
        .route("/anyone", get(anyone))
        .route("/one", get(one))
        .route("/several/{id}", get(several))
        .route("/checked/{id}", get(checked))
        .route("/checked-too", get(checked_too))
        .route("/named", get(only_named::<u64>))
        .route("/conditional", get(conditional))
        .route("/linted", get(linted))
        .route("/renamed", get(renamed))
        .route("/type/{id}", get(r#type))
        .route("/size/{id}", get(größe))
        .route("/nested", get(nested))
        .with_state(5_u64);
    let _ = generic::<u64, 3>;
}
