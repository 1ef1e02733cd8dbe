//! The rules that the HTML of every page keeps: one heading, a language, unique ids, a label for each field.

use std::collections::HashMap;

use scraper::{ElementRef, Html, Selector};

fn all<'a>(page: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(css).unwrap()).collect()
}

/// Describes everything that is wrong with a page.
pub fn faults(text: &str) -> Vec<String> {
    let page = Html::parse_document(text);
    let mut faults = Vec::new();
    for (css, wanted) in [("h1", 1), ("main", 1), ("html[lang]", 1), ("title", 1)] {
        let found = all(&page, css).len();
        if found != wanted {
            faults.push(format!("{found} times {css}"));
        }
    }
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for element in all(&page, "[id]") {
        *ids.entry(element.attr("id").unwrap()).or_default() += 1;
    }
    faults.extend(ids.iter().filter(|(_, count)| **count > 1).map(|(id, _)| format!("the id {id} twice")));
    for field in all(&page, "input, select, textarea") {
        let kind = field.attr("type").unwrap_or("text");
        if ["hidden", "submit", "button"].contains(&kind) {
            continue;
        }
        let labelled = field
            .attr("id")
            .is_some_and(|id| all(&page, "label").iter().any(|label| label.attr("for") == Some(id)));
        if !labelled && field.attr("aria-label").is_none() && field.attr("aria-labelledby").is_none() {
            faults.push(format!("no label for {:?}", field.attr("name")));
        }
    }
    // An attribute that refers to an id refers to an id on the page.
    for attribute in ["for", "aria-describedby", "aria-labelledby", "aria-controls"] {
        for element in all(&page, &format!("[{attribute}]")) {
            for id in element.attr(attribute).unwrap().split_whitespace() {
                if !ids.contains_key(id) {
                    faults.push(format!("{attribute} names {id}, which is not there"));
                }
            }
        }
    }
    for link in all(&page, "a[href^='#']") {
        let id = link.attr("href").unwrap().trim_start_matches('#');
        if !ids.contains_key(id) {
            faults.push(format!("a link to {id}, which is not there"));
        }
    }
    for css in ["script:not([src])", "style", "[style]", "[onclick]", "[onerror]", "[onload]", "img[src=x]"] {
        if !all(&page, css).is_empty() {
            faults.push(format!("{css} is on the page"));
        }
    }
    faults
}

#[test]
fn each_html_fault_is_found() {
    let good = "<!doctype html><html lang=nl><title>t</title><main><h1>x</h1>\
        <label for=a>A</label><input id=a><a href='#a'>a</a></main>";
    assert_eq!(faults(good), Vec::<String>::new());
    for (bad, fault) in [
        (good.replace("<h1>x</h1>", ""), "0 times h1"),
        (good.replace("<h1>x", "<h1>y</h1><h1>x"), "2 times h1"),
        (good.replace(" lang=nl", ""), "0 times html[lang]"),
        (good.replace("for=a", "for=b"), "no label"),
        (good.replace("<input id=a>", "<input id=a><p id=a>"), "the id a twice"),
        (good.replace("'#a'", "'#b'"), "a link to b"),
        (good.replace("<h1>", "<script>1</script><h1>"), "script:not([src]) is on the page"),
        (good.replace("<input", "<input aria-describedby=z"), "names z"),
    ] {
        assert!(faults(&bad).iter().any(|found| found.contains(fault)), "{fault}: {:?}", faults(&bad));
    }
}
