//! What a request brings: a form or a JSON document, read into the same type.

use axum::{
    Form, Json,
    extract::{FromRequest, Request, rejection::FormRejection, rejection::JsonRejection},
    http::StatusCode,
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::{app::App, page::Representation, problem::Problem};

/// The body of a write.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequest<App> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let representation = request.extensions().get::<Representation>().copied();
        let status = match representation {
            Some(Representation::Json) => match Json::<T>::from_request(request, app).await {
                Ok(Json(body)) => return Ok(Self(body)),
                Err(rejection) => JsonRejection::status(&rejection),
            },
            _ => match Form::<T>::from_request(request, app).await {
                Ok(Form(body)) => return Ok(Self(body)),
                Err(rejection) => FormRejection::status(&rejection),
            },
        };
        Err(if status == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large()
        } else {
            Problem::unreadable()
        })
    }
}

/// The page to go to afterwards.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Next {
    /// A path of our own pages.
    pub next: Option<String>,
}

/// Whether a new password was typed twice the same (T21, P39).
pub fn are_same(new: &str, repeated: &str) -> Result<(), Problem> {
    if new == repeated {
        return Ok(());
    }
    let problem = Problem::shared(StatusCode::UNPROCESSABLE_ENTITY, "PASSWORDS_DIFFER");
    let fields = vec![("repeat_password".to_owned(), problem.reason.clone())];
    Err(Problem { fields, ..problem })
}

/// Where to go after the login: a path of our own pages, never another site (ATT-13).
#[must_use]
pub fn safe_next(next: Option<&str>) -> Option<String> {
    let next = next?;
    let sane = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/login")
        && !next.starts_with("/logout")
        && next.len() <= 300
        && next.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.?=&%".contains(&byte));
    sane.then(|| next.to_owned())
}

/// A path with the page to go to afterwards.
#[must_use]
pub fn with_next(path: &str, next: Option<&str>) -> String {
    // The start page is where one comes anyway.
    match safe_next(next).filter(|next| next != "/") {
        Some(next) => {
            let next = next.replace('%', "%25").replace('?', "%3F").replace('=', "%3D").replace('&', "%26");
            format!("{path}?next={next}")
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_our_own_is_gone_to_after_the_login() {
        for good in ["/", "/reports", "/reports?period=week&page=abc"] {
            assert_eq!(safe_next(Some(good)).as_deref(), Some(good));
        }
        for bad in ["//evil.example", "https://evil.example", "/\\evil", "reports", "/login", "/a\r\nb", "/ä"]
        {
            assert_eq!(safe_next(Some(bad)), None, "{bad}");
        }
        assert_eq!(with_next("/login", Some("/reports?a=b")), "/login?next=/reports%3Fa%3Db");
        assert_eq!(with_next("/login", Some("//x")), "/login");
    }
}
