use integration_tests::{Browser, Sink, System, eventually, sink::Span};

/// A span, its parent, the parent's parent, and so on up to the first span of the trace.
fn path_to_root<'a>(spans: &'a [Span], from: &'a Span) -> Vec<&'a Span> {
    let mut path = vec![from];
    while let Some(above) = spans.iter().find(|span| span.id == path.last().unwrap().parent) {
        path.push(above);
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_browser_to_the_code_by_mail() {
    let sink = Sink::start().await;
    let system = System::start_with(&[
        ("ZORGPORTAAL_TELEMETRY__OTLP_ENDPOINT", &sink.address),
        ("ZORGPORTAAL_TELEMETRY__SAMPLE_RATIO", "1.0"),
    ])
    .await;
    let person = system.ecd("thuisgenoten").register("mevrouw A. de Vries").await;
    let password = system.welcome_password(&person.email).await;
    let browser = Browser::start().await;
    browser.go(&format!("{}/login", system.address("thuisgenoten"))).await;
    browser.type_into("#username", &person.email).await;
    browser.type_into("#password", &password).await;
    browser.press("button[type=submit]").await;
    let code = system.code(&person.email, 2).await;

    let path: Vec<String> = eventually("the trace of the mail", async || {
        let spans = sink.spans();
        let mails = spans.iter().filter(|span| (&*span.service, &*span.name) == ("messaging", "send"));
        let paths = mails.map(|mail| path_to_root(&spans, mail));
        let path =
            paths.into_iter().find(|path| path.last().is_some_and(|first| first.service == "gateway"))?;
        assert!(path.iter().all(|span| span.trace == path[0].trace));
        Some(path.iter().rev().map(|span| format!("{} {}", span.service, span.name)).collect())
    })
    .await;
    assert_eq!(path, ["gateway request", "identity rpc", "messaging handle", "messaging send"]);
    for span in sink.spans() {
        let text = format!("{span:?}");
        for secret in [&*person.email, &*password, "de Vries", &format!("\"{code}\"")] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
