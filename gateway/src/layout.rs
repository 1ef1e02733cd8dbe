//! The parts of every page around its content: header, menu, whose dossier it is, messages, help.

use askama::Template;
use jiff::Timestamp;

use crate::{
    assets,
    i18n::{PageValues, filters},
    organisation::Organisation,
    page::{AnyView, PAGE_CAPACITY},
    sections,
    session::Session,
};

/// What the layout shows, beside the view.
pub struct PageContext<'a> {
    /// The language and the texts.
    pub page_values: &'a PageValues,
    /// The organisation whose portal it is; `None`: not known yet.
    pub organisation: Option<&'a Organisation>,
    /// The session; `None`: nobody is logged in.
    pub session: Option<&'a Session>,
    /// The path of the request, with its query.
    pub path: &'a str,
    /// The page to go back to after choosing a language.
    pub back: String,
    /// The Fluent key of the message to show; `None`: no message.
    pub flash: Option<&'a str>,
    /// The time now: the seconds until the session ends are counted from it.
    pub now: Timestamp,
}

/// Renders a whole page: the layout with a view's content in it.
///
/// # Errors
/// Where a template fails.
pub fn render(context: &PageContext<'_>, view: &dyn AnyView, body: String) -> askama::Result<String> {
    let settings = context.organisation.map(|organisation| &organisation.settings);
    let theme = settings.and_then(|settings| settings.theme.clone());
    let idle = context.session.and_then(|session| session.facts.idle_until.as_ref());
    let layout = Layout {
        language: context.page_values.language().code(),
        view,
        theme: theme.map(|theme| assets::theme_path(&theme)),
        style: assets::path("app.css"),
        script: assets::path("app.js"),
        icon: assets::path("favicon.svg"),
        session: context.session,
        idle_seconds: idle.map_or(0, |end| (end.seconds - context.now.as_second()).max(0)),
        confirms_logout: settings.and_then(|settings| settings.session).is_some_and(|it| it.confirm_logout),
        path: context.path.split('?').next().unwrap_or("/"),
        back: &context.back,
        flash: context.flash,
        has_contact: context.organisation.is_some(),
        content: body,
        menu: context.session.map(MenuItem::list).unwrap_or_default(),
    };
    let mut html = String::with_capacity(PAGE_CAPACITY);
    layout.render_into_with_values(&mut html, context.page_values)?;
    Ok(html)
}

/// The layout of every page.
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
