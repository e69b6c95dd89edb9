//! What a program holds more than once, as Markdown.

use std::io::{self, Write};

use super::super::duplicates::{others, place, remark, shape_text, some_of, summary};
use super::super::sheet::{Style, mark};
use super::page::{Page, PageOptions, indent, name};
use crate::report::{DuplicatesReport, EqualGroup, List, RepeatedCrate, Twin};

/// Copies of a group that are listed.
const COPIES: usize = 10;

/// Writes all lists as tables; all but crates and functions are folded away.
pub fn duplicates_markdown(
    report: &DuplicatesReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style { color: false, width: None, exact: options.exact };
    let mut page = Page::new(options);
    let file = report.head.input.path.rsplit(['/', '\\']).next().unwrap_or_default();
    page.line(&format!("### {}: what is there more than once", name(file)));
    page.line("");
    for line in summary(report, &style) {
        page.line(&format!("- {line}"));
    }
    crates(&report.crates, &style, &mut page);
    let others = [
        (&report.same_name, "Crates of one name, versions not known"),
        (&report.toolchain_copies, "Crates that the toolchain has a copy of for itself"),
    ];
    for (list, title) in others {
        if list.groups > 0 {
            page.details(title, |page| crates(list, &style, page));
        }
    }
    let folded = [
        (&report.functions, "Functions that are equal"),
        (&report.constants, "Constants that are equal"),
        (&report.kept_apart, "Functions that are equal, but that linkers keep apart"),
    ];
    for (list, title) in folded {
        if let Some(list) = list.as_ref().filter(|l| l.groups > 0) {
            page.details(title, |page| equals(list, &style, page));
        }
    }
    if let Some(list) = report.similar.as_ref().filter(|l| l.groups > 0) {
        let mut rows = Vec::new();
        for group in &list.rows {
            let saved = mark(true, style.bytes(group.saved.all));
            rows.push(vec![saved, group.copies.to_string(), style.bytes(group.size), name(&group.name)]);
            for shape in group.shapes.iter().take(COPIES) {
                let saved = mark(true, style.bytes(shape.saved.all));
                let text = format!("{}{}", indent(1), shape_text(shape));
                rows.push(vec![saved, shape.copies.to_string(), style.bytes(shape.size), text]);
            }
        }
        rest(list, &style, &mut rows);
        page.details("Functions that are nearly equal", |page| {
            page.table(&["saves", "copies", "size", "generic"], rows);
        });
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}

fn crates(list: &List<RepeatedCrate>, style: &Style, page: &mut Page) {
    if list.groups == 0 {
        return;
    }
    let mut rows = Vec::new();
    for group in &list.rows {
        for version in &group.versions {
            let needed = needers(version.needed_by.as_deref().unwrap_or_default());
            let text = format!("{}{}{needed}", name(&version.name), remark(version, group));
            let numbers = [version.file, version.same_items, version.other_items].map(|b| style.bytes(b));
            rows.push(numbers.into_iter().chain([text]).collect());
        }
        for listed in &group.listed {
            let blank = String::new;
            let text = format!("{} is listed{}", name(&listed.name), needers(&listed.needed_by));
            rows.push(vec![blank(), blank(), blank(), text]);
        }
    }
    if let Some(rest) = list.rest {
        let blank = String::new;
        rows.push(vec![style.bytes(rest.size), blank(), blank(), format!("{} more crates", rest.rest)]);
    }
    page.table(&["size", "same items", "other", "crate"], rows);
}

fn needers(all: &[String]) -> String {
    if all.is_empty() {
        return String::new();
    }
    format!(", needed by {}", some_of(&all.iter().map(|n| name(n)).collect::<Vec<_>>(), COPIES))
}

fn equals(list: &List<EqualGroup>, style: &Style, page: &mut Page) {
    let mut rows = Vec::new();
    let blank = String::new;
    for group in &list.rows {
        let saved = mark(group.saved.estimated, style.bytes(group.saved.all));
        let text = format!("{}{}", name(&group.name), others(group.other_items));
        rows.push(vec![saved, group.copies.to_string(), style.bytes(group.size), text]);
        let member = |m: &Twin| format!("{}{} {}", indent(1), name(&m.krate), name(&place(m)));
        for copy in group.members.iter().take(COPIES) {
            rows.push(vec![blank(), blank(), style.bytes(copy.size), member(copy)]);
        }
        let more = group.more_members + group.members.len().saturating_sub(COPIES) as u64;
        if more > 0 {
            rows.push(vec![blank(), blank(), blank(), format!("{}{more} more", indent(1))]);
        }
    }
    rest(list, style, &mut rows);
    page.table(&["saves", "copies", "size", "name"], rows);
}

fn rest<T>(list: &List<T>, style: &Style, rows: &mut Vec<Vec<String>>) {
    if let Some(rest) = list.rest {
        let saved = mark(list.saved.estimated, style.bytes(rest.saved));
        let text = format!("{} more groups", rest.rest);
        rows.push(vec![saved, rest.copies.to_string(), style.bytes(rest.size), text]);
    }
}
