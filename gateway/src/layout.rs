//! The page around every page: header, menu, whose dossier it is, messages, help.

use askama::Template;
use jiff::Timestamp;
use proto::access::v1::{Action, Section};

use crate::{
    assets,
    i18n::{Speaker, filters},
    organisation::Organisation,
    page::AnyView,
    session::Session,
};

/// What a page stands in.
pub struct Around<'a> {
    /// Language and names.
    pub speaker: &'a Speaker,
    /// Whose portal it is.
    pub organisation: Option<&'a Organisation>,
    /// Who is logged in.
    pub session: Option<&'a Session>,
    /// The path with its query.
    pub path: &'a str,
    /// Where to go back to after choosing a language.
    pub back: String,
    /// The key of a message.
    pub flash: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

/// Renders the page around a view's content.
///
/// # Errors
/// Where a template fails.
pub fn render(around: &Around<'_>, view: &dyn AnyView, content: String) -> askama::Result<String> {
    let settings = around.organisation.map(|organisation| &organisation.settings);
    let theme = settings.and_then(|settings| settings.theme.clone());
    let idle = around.session.and_then(|session| session.facts.idle_until.as_ref());
    let layout = Layout {
        language: around.speaker.language.code(),
        view,
        theme: theme.map(|theme| assets::theme_path(&theme)),
        style: assets::path("app.css"),
        script: assets::path("app.js"),
        icon: assets::path("favicon.svg"),
        session: around.session,
        idle_seconds: idle.map_or(0, |end| (end.seconds - around.now.as_second()).max(0)),
        confirms_logout: settings.and_then(|settings| settings.session).is_some_and(|it| it.confirm_logout),
        path: around.path.split('?').next().unwrap_or("/"),
        back: &around.back,
        flash: around.flash,
        has_contact: around.organisation.is_some(),
        content,
    };
    layout.render_with_values(around.speaker)
}

/// The page around a page.
#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    language: &'static str,
    view: &'a dyn AnyView,
    theme: Option<String>,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
    session: Option<&'a Session>,
    idle_seconds: i64,
    confirms_logout: bool,
    path: &'a str,
    back: &'a str,
    flash: Option<&'a str>,
    has_contact: bool,
    content: String,
}

impl Layout<'_> {
    fn may_see(&self, section: Section) -> bool {
        self.session.is_some_and(|session| session.allows(section, Action::View))
    }

    fn may_see_reports(&self) -> bool {
        self.may_see(Section::Reports)
    }

    fn may_see_access(&self) -> bool {
        self.may_see(Section::Users)
    }

    /// Whether there is more than one dossier to choose from.
    fn has_choice(&self) -> bool {
        self.session.is_some_and(|session| session.facts.clients > 1)
    }

    fn text_size(&self) -> &str {
        self.session.map_or("normal", |session| session.facts.text_size.as_str())
    }
}
