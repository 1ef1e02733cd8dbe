//! What the pages of a login or a step-up carry along: the page to go to afterwards, and the form that waits.

use serde::Deserialize;
use utoipa::IntoParams;

/// What one step carries along to the next.
#[derive(Clone, Debug, Default)]
pub struct Continuation {
    /// The page to go to afterwards: a path of our own pages.
    pub next: Option<String>,
    /// The form that waits, sealed ([`crate::pending_form`]).
    pub pending_form: Option<String>,
}

impl Continuation {
    /// Carries only the page to go to afterwards.
    #[must_use]
    pub const fn to(next: Option<String>) -> Self {
        Self { next, pending_form: None }
    }

    /// The hidden fields of a form that carry the continuation.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [("next", &self.next), ("pending_form", &self.pending_form)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// The query of a page from which the person goes on to another page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Next {
    /// The page to go to afterwards: a path of our own pages.
    pub next: Option<String>,
}

/// The page to go to afterwards; `None` unless it is a path of our own pages. Never another site (ATT-13),
/// and never the login or the logout.
#[must_use]
pub fn safe_next(next: Option<&str>) -> Option<String> {
    let next = next?;
    let is_own_page = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/login")
        && !next.starts_with("/logout")
        && next.len() <= 300
        && next.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.?=&%".contains(&byte));
    is_own_page.then(|| next.to_owned())
}

/// A path with the page to go to afterwards in its query.
#[must_use]
pub fn with_next(path: &str, next: Option<&str>) -> String {
    // Without `next` people go to the start page, so the start page itself is left out.
    match safe_next(next).filter(|next| next != "/") {
        Some(next) => {
            let next = next.replace('%', "%25").replace('?', "%3F").replace('=', "%3D").replace('&', "%26");
            let separator = if path.contains('?') { '&' } else { '?' };
            format!("{path}{separator}next={next}")
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_leads_only_to_own_pages() {
        for good in ["/", "/reports", "/reports?period=week&page=abc"] {
            assert_eq!(safe_next(Some(good)).as_deref(), Some(good));
        }
        for bad in ["//evil.example", "https://evil.example", "/\\evil", "reports", "/login", "/a\r\nb", "/ä"]
        {
            assert_eq!(safe_next(Some(bad)), None, "{bad}");
        }
        assert_eq!(with_next("/login", Some("/reports?a=b")), "/login?next=/reports%3Fa%3Db");
        assert_eq!(with_next("/step-up?purpose=level", Some("/a")), "/step-up?purpose=level&next=/a");
        assert_eq!(with_next("/login", Some("//x")), "/login");
    }
}
