//! Advice as Markdown.

use std::io::{self, Write};

use super::super::advise::{headline, saving, sentence};
use super::super::size;
use super::page::{Page, PageOptions, name, summary_name};
use crate::report::AdviseReport;

/// Writes what would make a file smaller.
pub fn advise_markdown(
    report: &AdviseReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let bytes = |b: u64| if options.exact { size::bytes(b) } else { size::human(b) };
    let mut page = Page::new(options);
    page.line(&format!("### {}", name(&headline(report, &bytes))));
    if report.advice.is_empty() {
        page.line("\nNothing found that would make it smaller.");
    }
    let rows = report.advice.iter().map(|advice| {
        let [likely, low, high] = match &advice.saving {
            Some(s) => [format!("~{}", bytes(s.likely)), bytes(s.low), bytes(s.high)],
            None => ["-", "-", "-"].map(String::from),
        };
        let measured = advice.measured.map_or("-".to_string(), |m| size::change(-m.saving, bytes));
        vec![likely, low, high, measured, name(&advice.title)]
    });
    page.table(&["saves", "at least", "at most", "measured", "advice"], rows.collect::<Vec<_>>());
    for advice in &report.advice {
        page.details(&summary_name(&advice.title), |page| {
            page.text(&sentence(&advice.finding));
            if let Some(s) = &advice.saving {
                page.text(&saving(report, s, &bytes));
            }
            page.table(&["bytes", "of"], advice.evidence.iter().map(|p| vec![bytes(p.file), name(&p.what)]));
            page.block(&advice.change.text);
            if !advice.cost.is_empty() {
                page.text(&format!("Cost: {}", advice.cost));
            }
        });
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}
