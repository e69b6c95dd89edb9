//! Advice as Markdown.

use std::io::{self, Write};

use super::super::advise::{built, headline, saving, sentence, trial};
use super::super::size;
use super::page::{Page, PageOptions, name, summary_name};
use crate::report::{AdviseReport, Trial};

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
        vec![likely, low, high, measured(&advice.trial, &bytes), name(&advice.title)]
    });
    let rows = rows.chain(report.together.iter().map(|all| {
        let [likely, low, high] = match &all.saving {
            Some(s) => [format!("~{}", bytes(s.likely)), bytes(s.low), bytes(s.high)],
            None => ["-", "-", "-"].map(String::from),
        };
        vec![likely, low, high, measured(&all.trial, &bytes), format!("together: {}", all.rules.join(", "))]
    }));
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
            if let Some(text) = trial(&advice.trial, &bytes) {
                page.text(&sentence(&text));
            }
        });
    }
    if let Some(all) = &report.together {
        page.details("together", |page| {
            for change in &all.changes {
                page.block(&change.text);
            }
            if let Some(text) = trial(&all.trial, &bytes) {
                page.text(&sentence(&text));
            }
        });
    }
    if let Some(text) = built(report, &bytes) {
        page.text(&sentence(&text));
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}

/// What was saved; a mark where that is outside of the estimate.
fn measured(trial: &Trial, bytes: &dyn Fn(u64) -> String) -> String {
    let Some(m) = trial.measured else { return "-".to_string() };
    let saved = size::change(m.saving.wrapping_neg(), bytes);
    if m.within_bounds == Some(false) { format!("{saved} (!)") } else { saved }
}
