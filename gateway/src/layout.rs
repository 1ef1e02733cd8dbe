//! The frame of every page: header, whose dossier it is, menu, messages, help.

use askama::Template;
use jiff::Timestamp;

use crate::{
    assets,
    cookie::Flash,
    i18n::{PageValues, filters},
    menu::{Item, Menu},
    organisation::Organisation,
    page::{AnyView, PAGE_CAPACITY, Parent},
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
    /// The items that the menu may have; empty: no menu.
    pub items: &'a [Item],
    /// The path of the request, with its query.
    pub path: &'a str,
    /// The page to go back to after choosing a language.
    pub back: String,
    /// The text size: `normal`, `large` or `largest`.
    pub text_size: &'a str,
    /// The message to show; `None`: no message.
    pub flash: Option<&'a Flash>,
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
        back: &context.back,
        text_size: context.text_size,
        flash: context.flash,
        has_contact: context.organisation.is_some(),
        content: body,
        dossier: context.session.and_then(Dossier::of),
        menu: Menu::new(
            context.items,
            settings.and_then(|settings| settings.menu.as_ref()),
            context.path.split('?').next().unwrap_or("/"),
        ),
        now: context.now,
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
    back: &'a str,
    text_size: &'a str,
    flash: Option<&'a Flash>,
    has_contact: bool,
    content: String,
    dossier: Option<Dossier<'a>>,
    menu: Menu,
    now: Timestamp,
}

/// Whose dossier the session is about, for the bar under the header. A person who has the own dossier alone gets no bar.
struct Dossier<'a> {
    /// The end of the bar's Fluent key.
    kind: &'static str,
    client: &'a str,
    /// Whether the person can choose another dossier.
    has_others: bool,
}

impl<'a> Dossier<'a> {
    fn of(session: &'a Session) -> Option<Self> {
        let (facts, has_others) = (&session.facts, session.facts.clients > 1);
        let kind = match (facts.client_id.as_str(), facts.client_name.as_str()) {
            ("", _) if has_others => "none",
            ("", _) => return None,
            _ if facts.is_client && has_others => "own",
            _ if facts.is_client => return None,
            (_, "") => "nameless",
            _ => "named",
        };
        Some(Self { kind, client: &facts.client_name, has_others })
    }
}

impl Layout<'_> {
    fn parent(&self) -> Option<Parent> {
        self.view.parent().filter(|_| self.session.is_some())
    }

    /// The name of the person who reads the page: the account's, or that of whoever looks along.
    fn reader(&self) -> &str {
        let facts = self.session.map(|session| &session.facts);
        facts.map_or("", |facts| {
            if facts.impersonator.is_empty() { &facts.display_name } else { &facts.impersonator }
        })
    }
}
