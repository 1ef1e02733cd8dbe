//! What goes along with the steps of a login or a step-up: where to go afterwards, and the form that waits.

use serde::Deserialize;
use utoipa::IntoParams;

/// What goes along to the next step.
#[derive(Clone, Debug, Default)]
pub struct Continuation {
    /// The page to go to afterwards: a path of our own pages.
    pub next: Option<String>,
    /// A form that waits, sealed ([`crate::pending_form`]).
    pub pending_form: Option<String>,
}

impl Continuation {
    /// On to a page.
    #[must_use]
    pub const fn to(next: Option<String>) -> Self {
        Self { next, pending_form: None }
    }

    /// The hidden fields that carry it.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [("next", &self.next), ("pending_form", &self.pending_form)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// The query of a page that leads on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Next {
    /// The page to go to afterwards: a path of our own pages.
    pub next: Option<String>,
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

/// A path with the page to go to afterwards in its query.
#[must_use]
pub fn with_next(path: &str, next: Option<&str>) -> String {
    // Without a page to go to, people come to the start page anyway.
    match safe_next(next).filter(|next| next != "/") {
        Some(next) => {
            let next = next.replace('%', "%25").replace('?', "%3F").replace('=', "%3D").replace('&', "%26");
            let between = if path.contains('?') { '&' } else { '?' };
            format!("{path}{between}next={next}")
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
