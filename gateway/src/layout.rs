//! The page around every page: header, menu, whose dossier it is, messages, help.

use askama::Template;
use jiff::Timestamp;

use crate::{
    assets,
    i18n::{Speaker, filters},
    organisation::Organisation,
    page::AnyView,
    sections,
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
        menu: around.session.map(MenuItem::list).unwrap_or_default(),
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
    menu: Vec<MenuItem>,
}

/// An item of the menu.
struct MenuItem {
    path: &'static str,
    word: &'static str,
}

impl MenuItem {
    /// The menu of a session: the start page, the clients to choose from, the sections, the account.
    fn list(session: &Session) -> Vec<Self> {
        let item = |path, word| Self { path, word };
        let choice = (session.facts.clients > 1).then(|| item("/clients", "clients-menu"));
        let sections = sections::visible(session).map(|entry| item(entry.path, entry.word));
        std::iter::once(item("/", "start-menu"))
            .chain(choice)
            .chain(sections)
            .chain([item("/account", "account-menu")])
            .collect()
    }
}

impl Layout<'_> {
    fn text_size(&self) -> &str {
        self.session.map_or("normal", |session| session.facts.text_size.as_str())
    }
}
