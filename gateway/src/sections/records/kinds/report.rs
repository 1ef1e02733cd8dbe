//! A report (T75, H12).

use askama::Template;
use proto::dossier::v1::{ReportKind, content};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    example::{ARABIC_NAME, long_name, long_text},
    i18n::filters,
    sections::records::kind::{Kind, Lasting},
};

/// A report.
#[derive(Clone, Debug, Serialize, Template, ToSchema)]
#[template(path = "records/report.html")]
pub struct ReportView {
    /// The kind: `daily`, `medical`, `incident` or `conversation`; `own`: a person wrote the report in the portal.
    pub kind: &'static str,
    /// The text.
    pub text: String,
    /// The author's name.
    pub author: String,
    /// The author's role; for a report of the kind `own`, the relation to the client, such as `relative`.
    pub author_role: String,
}

impl Kind for ReportView {
    const PANEL_ROWS: usize = 2;

    fn of(kind: content::Kind) -> Option<Self> {
        let content::Kind::Report(report) = kind else { return None };
        Some(Self {
            kind: match report.kind() {
                ReportKind::Daily | ReportKind::Unspecified => "daily",
                ReportKind::Medical => "medical",
                ReportKind::Incident => "incident",
                ReportKind::Conversation => "conversation",
                ReportKind::Own => "own",
            },
            text: report.text,
            author: report.author,
            author_role: report.author_role,
        })
    }

    fn row(&self) -> (String, String) {
        let by = if self.relation().is_some() { String::new() } else { format!(", {}", self.author_role) };
        (self.text.clone(), format!("{}{by}", self.author))
    }

    fn examples() -> Vec<Self> {
        let report = |kind, author: String, text: String| Self {
            kind,
            text,
            author,
            author_role: if kind == "own" { "third_party" } else { "verpleegkundige niveau 4" }.to_owned(),
        };
        vec![
            report("daily", "K. Bakker".to_owned(), "De wond heeft zich goed hersteld.".to_owned()),
            report("medical", long_name(), long_text()),
            report("incident", ARABIC_NAME.to_owned(), ARABIC_NAME.repeat(20)),
            report("own", "Jan de Vries".to_owned(), "Wij hebben samen gewandeld.".to_owned()),
            report("conversation", "P. Visser".to_owned(), "Samen gewandeld.\n".repeat(30)),
        ]
    }

    fn label(&self, _lasting: Lasting) -> Option<String> {
        Some(format!("report-kind-{}", self.kind))
    }
}

impl ReportView {
    /// The Fluent key of the author's relation to the client; `None`: the author is of the organisation.
    fn relation(&self) -> Option<String> {
        const KNOWN: [&str; 4] = ["client", "representative", "relative", "third_party"];
        let is_relation = self.kind == "own" && KNOWN.contains(&self.author_role.as_str());
        is_relation.then(|| format!("relation-{}", self.author_role.replace('_', "-")))
    }
}
