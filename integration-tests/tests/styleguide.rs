//! The style guide: every component, and every page in its states with the hardest content, at every width and text
//! size, under forced colours, with wide text spacing and on paper.

use integration_tests::{Browser, System};
use serde_json::json;

const ORGANISATIONS: [&str; 5] = ["thuisgenoten", "profila", "vivre", "hilverzorg", "rozelaar"];
const WIDTHS: [u32; 4] = [320, 390, 768, 1280];
/// The pages are held in three tests, which run beside each other.
const THIRD: usize = 3;
const TEXT_SIZES: [&str; 2] = ["normal", "largest"];
/// The largest spacing that a reader may set (WCAG 1.4.12).
const TEXT_SPACING: &str = "
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important;' +
        ' word-spacing: 0.16em !important } p { margin-block-end: 2em !important }');
    document.adoptedStyleSheets = [sheet];";

/// The addresses of all pages of the style guide.
async fn pages(browser: &Browser, address: &str) -> Vec<String> {
    browser.go(&format!("{address}/styleguide")).await;
    let links =
        "return [...document.querySelectorAll('main .zp-links a')].map((it) => it.getAttribute('href'))";
    let links = browser.run(links).await;
    let mut pages = vec!["/styleguide".to_owned()];
    pages.extend(links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()));
    assert!(pages.len() > 40, "{pages:?}");
    pages
}

/// The name of a page's picture.
fn name_of(page: &str) -> String {
    page.trim_start_matches('/').replace('/', "-")
}

/// Holds a third of the pages, every third from `first`, at every width and text size.
async fn a_third_fits(first: usize) {
    let system = System::start().await;
    let browser = Browser::start().await;
    // This organisation asks for the number at a login, so that every state of the pages appears.
    let address = system.address("rozelaar");
    for page in pages(&browser, &address).await.into_iter().skip(first).step_by(THIRD) {
        for text in TEXT_SIZES {
            browser.go(&format!("{address}{page}?text={text}&message=yes")).await;
            for width in WIDTHS {
                browser.resize(width, 800).await;
                browser.fits(&format!("{page} at {width} px with {text} text"), width).await;
                browser.picture(&format!("{}-{width}-{text}", name_of(&page)), width, 800).await;
            }
        }
        browser.resize(320, 800).await;
        browser.run("document.querySelector('[aria-controls=menu]')?.click()").await;
        browser.fits(&format!("{page} with the open menu"), 320).await;
        browser.run(TEXT_SPACING).await;
        let spacing = "return getComputedStyle(document.querySelector('h1')).letterSpacing";
        assert_ne!(browser.run(spacing).await, json!("normal"));
        browser.fits(&format!("{page} with wide spacing"), 320).await;
        browser.go(&format!("{address}{page}?text=largest&language=en")).await;
        browser.fits(&format!("{page} in English"), 320).await;
    }
    browser.client.clone().close().await.unwrap();
}

/// Holds a third of the pages, every third from `first`, against axe.
async fn axe_finds_nothing_in_a_third(first: usize) {
    let system = System::start().await;
    let browser = Browser::start().await;
    let address = system.address("rozelaar");
    for page in pages(&browser, &address).await.into_iter().skip(first).step_by(THIRD) {
        for (width, language) in [(1280, "en"), (390, "nl")] {
            browser.resize(width, 800).await;
            browser.go(&format!("{address}{page}?language={language}")).await;
            browser.is_accessible(&format!("{page} at {width} px")).await;
        }
        browser.emulate("screen", true).await;
        browser.is_accessible(&format!("{page} under forced colours")).await;
        for width in [390, 1280] {
            browser.picture(&format!("{}-{width}-forced-colours", name_of(&page)), width, 800).await;
        }
        browser.emulate("print", false).await;
        browser.picture(&format!("{}-print", name_of(&page)), 768, 800).await;
        browser.emulate("screen", false).await;
    }
    browser.client.clone().close().await.unwrap();
}

/// T6: the portal works on a phone, a tablet and a computer.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_first_third_is_wider_than_the_screen_at_any_text_size() {
    a_third_fits(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_no_fault_in_any_state_of_the_first_third() {
    axe_finds_nothing_in_a_third(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_second_third_is_wider_than_the_screen_at_any_text_size() {
    a_third_fits(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_no_fault_in_any_state_of_the_second_third() {
    axe_finds_nothing_in_a_third(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_last_third_is_wider_than_the_screen_at_any_text_size() {
    a_third_fits(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_no_fault_in_any_state_of_the_last_third() {
    axe_finds_nothing_in_a_third(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_begins_at_a_width_of_56_rem() {
    let system = System::start().await;
    let browser = Browser::start().await;
    let address = system.address("rozelaar");
    browser.go(&format!("{address}/styleguide/access?dossier=own")).await;
    for (width, is_table) in [(1440, true), (1332, true), (1280, false), (800, false)] {
        browser.resize(width, 800).await;
        let head = "return document.querySelector('.zp-table thead').getBoundingClientRect().left > 0";
        assert_eq!(browser.run(head).await, json!(is_table), "{width}");
        browser.fits("the table", width).await;
        browser.picture(&format!("styleguide-access-table-{width}"), width, 800).await;
    }
    browser.client.clone().close().await.unwrap();
}

/// The words of the visible items of the menu, and of what stands under it.
async fn menu(browser: &Browser) -> Vec<String> {
    let items = browser
        .run(
            "return [...document.querySelectorAll('#menu a, #menu button')].filter((it) => it.checkVisibility())
                .map((it) => it.textContent.trim())",
        )
        .await;
    items.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_holds_every_item_in_every_organisations_colours() {
    let system = System::start().await;
    let browser = Browser::start().await;
    for organisation in ORGANISATIONS {
        let address = system.address(organisation);
        for text in TEXT_SIZES {
            browser.go(&format!("{address}/styleguide?text={text}&dossier=own")).await;
            for width in WIDTHS {
                browser.resize(width, 800).await;
                for (medium, forced) in [("screen", false), ("screen", true), ("print", false)] {
                    browser.emulate(medium, forced).await;
                    browser.fits(organisation, width).await;
                    let look = if forced { "forced-colours" } else { medium };
                    browser.picture(&format!("theme-{organisation}-{width}-{text}-{look}"), width, 800).await;
                }
                browser.emulate("screen", false).await;
            }
        }
        browser.go(&format!("{address}/styleguide?at=/users/x&dossier=own")).await;
        browser.resize(1280, 800).await;
        browser.is_accessible(organisation).await;
        if organisation == "thuisgenoten" {
            continue;
        }
        let current =
            "return [...document.querySelectorAll('[aria-current=true]')].map((it) => it.textContent)";
        assert_eq!(browser.run(&format!("{current}[0]")).await, json!("Wie heeft toegang"));
        let items = menu(&browser).await;
        // Vivre has three of its sections as tabs of one item.
        let count = if organisation == "vivre" { 15 } else { 17 };
        assert_eq!(items.len(), count, "{items:?}");
        let headings =
            "return [...document.querySelectorAll('.zp-menu__heading')].map((it) => it.textContent)";
        let headings = browser.run(headings).await;
        assert_eq!(headings, json!(["Mijn zorg", "Afspraken en contact", "Mijn gegevens"]), "{organisation}");
        // The phone's menu ends with the name and the logout, and pushes the page down.
        browser.resize(390, 800).await;
        let top = "return document.querySelector('h1').getBoundingClientRect().top";
        let top = async || browser.run(top).await.as_f64().unwrap();
        let closed = top().await;
        assert!(closed <= 130.0, "{organisation}: the first heading is at {closed} px");
        assert_eq!(menu(&browser).await, Vec::<String>::new(), "closed");
        browser.press("[aria-controls=menu]").await;
        assert_eq!(menu(&browser).await.len(), count + 2, "with the name and the logout");
        assert!(top().await > closed + 700.0, "the menu does not cover the page");
        browser.picture(&format!("menu-open-{organisation}"), 390, 800).await;
        browser.keys("\u{e00c}").await;
        assert_eq!(menu(&browser).await, Vec::<String>::new(), "Escape closes the menu");
    }
    browser.client.clone().close().await.unwrap();
}

/// T40, T41, T42: the menu of the manual, opened by a button at the top left, also on a wide screen.
#[tokio::test(flavor = "multi_thread")]
async fn menu_by_settings_has_the_manuals_items_in_the_manuals_order() {
    let system = System::start().await;
    let items = [
        "Home",
        "Mijn (contact)gegevens",
        "Contactpersonen",
        "Planning",
        "ECD",
        "Contact zorgorganisatie",
        "Wachtwoord wijzigen",
    ];
    for scripts in [true, false] {
        let browser = if scripts { Browser::start().await } else { Browser::without_scripts().await };
        browser.resize(1280, 900).await;
        browser.go(&format!("{}/styleguide?dossier=own", system.address("thuisgenoten"))).await;
        let button = browser.find(if scripts { "[aria-controls=menu]" } else { "a[href='#menu']" }).await;
        let (x, y, ..) = button.rectangle().await.unwrap();
        assert!(x < 150.0 && y < 100.0, "T40: the button is at the top left, at {x}, {y}");
        assert!(button.find(fantoccini::Locator::Css("svg")).await.is_ok(), "T40: three stripes");
        assert!(!browser.find("#menu").await.is_displayed().await.unwrap());
        button.click().await.unwrap();
        assert!(browser.find("#menu").await.is_displayed().await.unwrap());
        if scripts {
            let found = menu(&browser).await;
            assert_eq!(found[..7], items, "T41");
            assert_eq!(found[8..], ["Uitloggen"], "T41: after the name");
        }
        browser.picture(&format!("menu-thuisgenoten-{scripts}"), 1280, 900).await;
        let home = browser.find("#menu li:first-child a").await;
        assert_eq!(home.attr("href").await.unwrap().as_deref(), Some("/"), "T42");
        if !scripts {
            browser.press("[data-menu-close]").await;
            assert!(!browser.find("#menu").await.is_displayed().await.unwrap(), "the link closes the menu");
        }
        browser.client.clone().close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_shows_who_whose_and_when_and_no_actions() {
    let system = System::start().await;
    let browser = Browser::start().await;
    browser.go(&format!("{}/styleguide/reports", system.address("hilverzorg"))).await;
    browser.emulate("print", false).await;
    let shown = browser
        .run(
            "const seen = (css) => [...document.querySelectorAll(css)].some((it) => it.checkVisibility());
             const style = (css) => getComputedStyle(document.querySelector(css)).breakInside;
             return [seen('nav'), seen('button'), seen('.zp-filter'), seen('footer'), seen('main .zp-print'), seen('h1'),
                 style('.zp-day'), style('.zp-cards > li')]",
        )
        .await;
    assert_eq!(shown, json!([false, false, false, false, true, true, "auto", "avoid"]));
    let text = browser.run("return document.querySelector('.zp-print').textContent").await;
    let text = text.as_str().unwrap();
    assert!(text.starts_with("Dossier van mevrouw Wolfeschlegel"), "{text}");
    assert!(text.contains("Afgedrukt door mevrouw Wolfeschlegel") && text.contains(" op "), "{text}");
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn link_of_a_summary_keeps_the_label_in_view() {
    let system = System::start().await;
    let browser = Browser::start().await;
    browser.resize(320, 640).await;
    browser.go(&format!("{}/styleguide/invite-wrong?text=largest", system.address("vivre"))).await;
    let links = "return document.querySelectorAll('.utrecht-alert--error a').length";
    let links = browser.run(links).await.as_u64().unwrap();
    assert_eq!(links, 5);
    for index in 0..links {
        let top = format!(
            "const link = document.querySelectorAll('.utrecht-alert--error a')[{index}];
             location.hash = ''; location.hash = link.hash;
             const field = document.querySelector(link.hash);
             const label = field.labels?.[0] ?? field.querySelector('legend');
             return [link.hash, label.getBoundingClientRect().top];"
        );
        let found = browser.run(&top).await;
        let top = found[1].as_f64().unwrap();
        assert!((0.0..640.0).contains(&top), "{found}");
    }
    browser.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn small_parts_stand_where_people_look_for_them() {
    let system = System::start().await;
    let browser = Browser::start().await;
    let address = system.address("rozelaar");
    browser.resize(390, 800).await;
    browser.go(&format!("{address}/styleguide/own-password")).await;
    let shows = browser
        .run(
            "return [...document.querySelectorAll('.zp-password')].map((row) => {
                 const [field, button] = row.children;
                 return [field.getBoundingClientRect().top === button.getBoundingClientRect().top,
                     button.getAttribute('aria-label')];
             })",
        )
        .await;
    let expected = json!([
        [true, "Tonen: Wachtwoord uit de e-mail"],
        [true, "Tonen: Nieuw wachtwoord"],
        [true, "Tonen: Nieuw wachtwoord, nog een keer"]
    ]);
    assert_eq!(shows, expected);
    browser.press("#new_password + button").await;
    let label = "return document.querySelector('#new_password + button').getAttribute('aria-label')";
    assert_eq!(browser.run(label).await, json!("Verbergen: Nieuw wachtwoord"));

    browser.go(&format!("{address}/styleguide/clients")).await;
    let rows = "return [document.querySelectorAll('.zp-links button').length,
        document.querySelectorAll('.zp-links [aria-current=true]').length,
        document.querySelectorAll('main .utrecht-button--primary-action').length]";
    assert_eq!(browser.run(rows).await, json!([12, 1, 0]));

    // Under forced colours the bar of the current item is the only one that is seen.
    browser.resize(1280, 800).await;
    browser.emulate("screen", true).await;
    browser.go(&format!("{address}/styleguide/reports?at=/reports")).await;
    let bars = "return [...document.querySelectorAll('.zp-menu li a')].map((it) =>
        getComputedStyle(it).borderInlineStartColor === getComputedStyle(document.body).backgroundColor
            || getComputedStyle(it).borderInlineStartColor === 'rgb(255, 255, 255)')";
    let bars = browser.run(bars).await;
    let seen: Vec<bool> = bars.as_array().unwrap().iter().map(|hidden| hidden == &json!(false)).collect();
    assert_eq!((seen.len(), seen.iter().filter(|it| **it).count(), seen[1]), (17, 1, true), "{bars}");

    browser.emulate("screen", false).await;
    browser.go(&format!("{address}/styleguide/reports?language=en")).await;
    let dutch = "return ['.zp-header__brand', '.zp-report__text', '.zp-help span'].map((css) =>
        document.querySelector(css).closest('[lang]').lang)";
    assert_eq!(browser.run(dutch).await, json!(["nl", "nl", "nl"]), "Dutch words on an English page");
    browser.client.clone().close().await.unwrap();
}
