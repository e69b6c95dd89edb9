//! Builds of one artifact side by side, as Markdown.

use std::io::{self, Write};

use super::super::profiles::{COLUMNS, cells, delta, title};
use super::super::size;
use super::page::{Page, PageOptions, indent, name};
use crate::report::{FeaturesReport, Outcome, ProfilesReport, Subject};

/// Writes profiles side by side: what each changes below the table.
pub fn profiles_markdown(
    report: &ProfilesReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let bytes = |bytes: u64| if options.exact { size::bytes(bytes) } else { size::human(bytes) };
    let mut page = Page::new(options);
    page.line(&format!("### {} by profile", subject(&report.head.subject)));
    let rows: Vec<Vec<String>> = report.rows.iter().map(|row| cells(&row.outcome, &bytes).to_vec()).collect();
    let shown: Vec<usize> = (0..COLUMNS.len())
        .filter(|&c| rows.iter().any(|row| row.get(c).is_some_and(|cell| cell != "-")))
        .collect();
    let header: Vec<&str> = shown.iter().map(|&c| COLUMNS[c]).chain(["profile"]).collect();
    let named = rows.iter().zip(&report.rows).map(|(cells, row)| {
        shown.iter().filter_map(|&c| cells.get(c).cloned()).chain([name(&title(row))]).collect()
    });
    page.table(&header, named);
    page.details("What each profile changes", |page| {
        let rows = report.rows.iter().map(|row| {
            let settings: Vec<String> = row.settings.iter().map(|(k, v)| format!("{k} = {v}")).collect();
            vec![
                name(&row.name),
                name(&row.profile),
                if settings.is_empty() { "-".into() } else { name(&settings.join(", ")) },
            ]
        });
        page.table(&["profile", "from", "settings"], rows);
    });
    failures(report.rows.iter().map(|row| (row.name.as_str(), &row.outcome)), &mut page);
    out.write_all(page.finish().as_bytes())
}

/// Writes features side by side, with what each brings folded away.
pub fn features_markdown(
    report: &FeaturesReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let bytes = |bytes: u64| if options.exact { size::bytes(bytes) } else { size::human(bytes) };
    let mut page = Page::new(options);
    let of = if report.of == report.head.subject.package {
        String::new()
    } else {
        format!(" of {}", name(&report.of))
    };
    page.line(&format!("### {} by feature{of}", subject(&report.head.subject)));
    let rows = report.rows.iter().map(|row| {
        let [file, change, stripped, _, _, _, code, data, ..] = cells(&row.outcome, &bytes);
        let same =
            row.outcome.same_as.as_ref().map(|other| format!(" (as {})", name(other))).unwrap_or_default();
        vec![file, change, stripped, code, data, format!("{}{same}", name(&row.name))]
    });
    page.table(&["file", "change", "stripped", "code", "data", "feature"], rows);
    page.details("What each feature brings", |page| {
        let rows = report.rows.iter().filter(|row| row.outcome.same_as.is_none()).flat_map(|row| {
            let head = (!row.crates.is_empty() || !row.symbols.is_empty())
                .then(|| vec![String::new(), name(&row.name)]);
            let parts =
                [("crate", &row.crates), ("symbol", &row.symbols)].into_iter().flat_map(|(what, rows)| {
                    rows.iter().map(move |part| {
                        vec![delta(part, &bytes), format!("{}{what} {}", indent(1), name(&part.name))]
                    })
                });
            head.into_iter().chain(parts).collect::<Vec<_>>()
        });
        page.table(&["change", "feature"], rows.collect::<Vec<_>>());
    });
    failures(report.rows.iter().map(|row| (row.name.as_str(), &row.outcome)), &mut page);
    out.write_all(page.finish().as_bytes())
}

fn subject(subject: &Subject) -> String {
    let version = format!("{} {}", subject.package, subject.version);
    if subject.target == subject.package {
        name(&version)
    } else {
        format!("{} of {}", name(&subject.target), name(&version))
    }
}

/// Why rows failed.
fn failures<'r>(rows: impl Iterator<Item = (&'r str, &'r Outcome)>, page: &mut Page) {
    let failed: Vec<Vec<String>> =
        rows.filter_map(|(row, outcome)| Some(vec![name(row), name(outcome.reason.as_deref()?)])).collect();
    if !failed.is_empty() {
        page.table(&["what failed", "why"], failed);
    }
}
