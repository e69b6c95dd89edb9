//! What a program holds more than once, as text and CSV.

use std::io::{self, Write};

use super::csv::io_error;
use super::escape::{for_csv, for_terminal};
use super::sheet::{Sheet, Style, heading, indented, mark, wrapped};
use super::text::issues_text;
use crate::report::{
    CrateVersion, DuplicatesReport, EqualGroup, List, ListedVersion, RepeatedCrate, Saving, SimilarGroup,
    SimilarShape, Twin,
};

/// Copies of a group that text shows.
const COPIES: usize = 3;

/// Packages that need a version that text shows.
const NEEDERS: usize = 5;

/// Writes all lists as tables.
pub fn duplicates_text(report: &DuplicatesReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let input = &report.head.input;
    wrapped(&format!("{}  {}", for_terminal(&input.path), style.bytes(input.file_size)), 2, style, out)?;
    for line in summary(report, style) {
        wrapped(&format!("  {line}"), 4, style, out)?;
    }
    crates(&report.crates, "Crates in several versions", style, out)?;
    crates(&report.same_name, "Crates of one name, versions not known", style, out)?;
    crates(&report.toolchain_copies, "Crates that the toolchain has a copy of for itself", style, out)?;
    if let Some(list) = &report.functions {
        equals(list, "Functions that are equal", style, out)?;
    }
    if let Some(list) = &report.similar {
        similar(list, style, out)?;
    }
    if let Some(list) = &report.constants {
        equals(list, "Constants that are equal", style, out)?;
    }
    if let Some(list) = &report.kept_apart {
        equals(list, "Functions that are equal in code, but that linkers keep apart", style, out)?;
    }
    issues_text(&report.diagnostics, style, out)
}

/// One sentence for each list.
pub(super) fn summary(report: &DuplicatesReport, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    let crates = &report.crates;
    if crates.groups > 0 {
        let (size, saved) = (style.bytes(crates.size), style.bytes(crates.saved.all));
        let count = count(crates.groups, "crate", "crates");
        lines.push(format!(
            "{count} in several versions: {size}, of which ~{saved} for items that are there more than once"
        ));
    } else if report.same_name.groups > 0 {
        let count = count(report.same_name.groups, "crate", "crates");
        lines.push(format!("no crate is known to be there in several versions; {count} may be"));
    } else {
        lines.push("no crate is there in several versions".to_string());
    }
    if report.packages.is_none() && crates.groups + report.same_name.groups > 0 {
        lines.push("what needs each version is told by --manifest-path or --lockfile".to_string());
    }
    if let Some(list) = &report.functions {
        let mut line = format!(
            "{} in {}: sharing all would save ~{} of code",
            count(list.copies, "equal function", "equal functions"),
            count(list.groups, "group", "groups"),
            style.bytes(list.saved.all)
        );
        if let Some(safe) = list.saved.safe {
            line.push_str(&format!(", ~{} without those whose address is used", style.bytes(safe)));
        }
        if let Some(unwind) = list.saved.unwind.filter(|&u| u > 0) {
            line.push_str(&format!(", and ~{} of unwind records", style.bytes(unwind)));
        }
        lines.push(line);
    }
    let plain = |list: &List<EqualGroup>, what: [&str; 2], then: &str| {
        format!("{}: ~{} {then}", count(list.copies, what[0], what[1]), style.bytes(list.saved.all))
    };
    if let Some(list) = &report.similar {
        let functions = count(list.copies, "nearly equal function", "nearly equal functions");
        lines.push(format!("{functions}: ~{} if each shape had one body", style.bytes(list.saved.all)));
    }
    if let Some(list) = &report.constants {
        lines.push(plain(list, ["equal constant", "equal constants"], "if each were there once"));
    }
    if let Some(list) = report.kept_apart.as_ref().filter(|l| l.groups > 0) {
        let what = ["function", "functions"].map(|f| format!("{f} more that would be equal"));
        let then = "if exception tables and constants were folded as well";
        lines.push(plain(list, [&what[0], &what[1]], then));
    }
    let folded = report.folded;
    if folded.places > 0 {
        lines.push(format!(
            "{} more for {} with several: folded already, or named twice",
            count(folded.names, "name", "names"),
            count(folded.places, "place", "places")
        ));
    }
    lines
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

pub(crate) fn others(number: u64) -> String {
    if number == 0 { String::new() } else { format!(" and {}", count(number, "other", "others")) }
}

fn crates(list: &List<RepeatedCrate>, title: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if list.groups == 0 {
        return Ok(());
    }
    writeln!(out)?;
    heading(title, style, out)?;
    let mut sheet = Sheet::new(["size", "same items", "other", "symbols", "crate"], &["symbols", "other"]);
    for group in &list.rows {
        let same: u64 = group.versions.iter().map(|v| v.same_items).sum();
        let other: u64 = group.versions.iter().map(|v| v.other_items).sum();
        let symbols: u64 = group.versions.iter().map(|v| v.symbols).sum();
        let numbers = [style.bytes(group.size), style.bytes(same), style.bytes(other), symbols.to_string()];
        sheet.rows.push(numbers.into_iter().chain([indented(0, &group.name)]).collect());
        for version in &group.versions {
            let name = format!("{}{}", version.name, remark(version, group));
            let numbers = [version.file, version.same_items, version.other_items].map(|b| style.bytes(b));
            let numbers = numbers.into_iter().chain([version.symbols.to_string()]);
            sheet.rows.push(numbers.chain([indented(1, &name)]).collect());
            for needed in version.needed_by.iter().filter(|all| !all.is_empty()) {
                sheet.rows.push(note(2, &format!("needed by {}", some_of(needed, NEEDERS))));
            }
        }
        for listed in &group.listed {
            sheet.rows.push(note(1, &listed_text(listed, NEEDERS)));
        }
    }
    if let Some(rest) = list.rest {
        let blank = String::new;
        let name = format!("[{} more]", rest.rest);
        sheet.rows.push(vec![style.bytes(rest.size), blank(), blank(), blank(), name]);
    }
    sheet.write(style, out)
}

/// What is to be said of a version besides its name.
pub(crate) fn remark(version: &CrateVersion, group: &RepeatedCrate) -> &'static str {
    let others_are_known = || group.versions.iter().any(|v| v.version.is_some());
    match version.version {
        _ if version.source == "std" => " (of the toolchain)",
        None if !version.told_apart => " (of one of them)",
        None if others_are_known() => " (version not known)",
        _ => "",
    }
}

/// A version that is not known to be one of those above it.
pub(super) fn listed_text(listed: &ListedVersion, most: usize) -> String {
    match listed.needed_by.as_slice() {
        [] => format!("{} is listed", listed.name),
        all => format!("{} is listed, needed by {}", listed.name, some_of(all, most)),
    }
}

/// The first names of a list.
pub(super) fn some_of(all: &[String], most: usize) -> String {
    let shown = if all.len() > most + 1 { most } else { all.len() };
    let more = if shown < all.len() { format!(" and {} more", all.len() - shown) } else { String::new() };
    format!("{}{more}", all[..shown].join(", "))
}

/// A row of text alone.
fn note(depth: usize, text: &str) -> Vec<String> {
    let blank = String::new;
    vec![blank(), blank(), blank(), blank(), indented(depth, text)]
}

fn cells(saved: &Saving, copies: u64, size: u64, name: String, style: &Style) -> Vec<String> {
    vec![mark(saved.estimated, style.bytes(saved.all)), copies.to_string(), style.bytes(size), name]
}

fn copies(members: &[Twin], more: u64, depth: usize, style: &Style, sheet: &mut Sheet) {
    let blank = String::new;
    for member in members.iter().take(COPIES) {
        let name = format!("{}  {}", place(member), member.krate);
        sheet.rows.push(vec![blank(), blank(), style.bytes(member.size), indented(depth, &name)]);
    }
    let more = more + members.len().saturating_sub(COPIES) as u64;
    if more > 0 {
        sheet.rows.push(vec![blank(), blank(), blank(), indented(depth, &format!("[{more} more]"))]);
    }
}

/// What a copy is called, and where it is.
pub(crate) fn place(copy: &Twin) -> String {
    let at = match copy.address {
        Some(address) => format!("{address:#x}"),
        None => format!("@{:#x}", copy.offset),
    };
    match &copy.symbol {
        Some(symbol) => format!("{at} {symbol}"),
        None => at,
    }
}

fn equals(list: &List<EqualGroup>, title: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if list.groups == 0 {
        return Ok(());
    }
    writeln!(out)?;
    heading(title, style, out)?;
    let mut sheet = Sheet::new(["saves", "copies", "size", "name"], &["copies"]);
    for group in &list.rows {
        let name = indented(0, &format!("{}{}", group.name, others(group.other_items)));
        sheet.rows.push(cells(&group.saved, group.copies, group.size, name, style));
        copies(&group.members, group.more_members, 1, style, &mut sheet);
    }
    finish(list, sheet, style, out)
}

fn similar(list: &List<SimilarGroup>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if list.groups == 0 {
        return Ok(());
    }
    writeln!(out)?;
    heading("Functions that are nearly equal", style, out)?;
    let mut sheet = Sheet::new(["saves", "copies", "size", "name"], &["copies"]);
    for group in &list.rows {
        let name = indented(0, &group.name);
        sheet.rows.push(cells(&group.saved, group.copies, group.size, name, style));
        for shape in group.shapes.iter().take(COPIES) {
            let name = indented(1, &shape_text(shape));
            sheet.rows.push(cells(&shape.saved, shape.copies, shape.size, name, style));
            copies(&shape.members, shape.more_members, 2, style, &mut sheet);
        }
        let more = group.more_shapes + group.shapes.len().saturating_sub(COPIES) as u64;
        if more > 0 {
            let blank = String::new;
            let name = indented(1, &format!("[{} more]", count(more, "shape", "shapes")));
            sheet.rows.push(vec![blank(), blank(), blank(), name]);
        }
    }
    finish(list, sheet, style, out)
}

pub(crate) fn shape_text(shape: &SimilarShape) -> String {
    let differ = count(shape.operands, "operand", "operands");
    format!(
        "{} functions that differ in {differ}{}",
        shape.copies,
        match shape.other_items {
            0 => String::new(),
            more => format!(", of {} generic items", more + 1),
        }
    )
}

fn finish<T>(list: &List<T>, mut sheet: Sheet, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if let Some(rest) = list.rest {
        let saved = mark(list.saved.estimated, style.bytes(rest.saved));
        let name = format!("[{} more]", rest.rest);
        sheet.rows.push(vec![saved, rest.copies.to_string(), style.bytes(rest.size), name]);
    }
    let total = format!("total of {}", count(list.groups, "group", "groups"));
    sheet.footer = Some(cells(&list.saved, list.copies, list.size, total, style));
    sheet.write(style, out)
}

/// Columns of the CSV.
const COLUMNS: [&str; 17] = [
    "list",
    "group",
    "name",
    "copies",
    "saved",
    "safe",
    "crate",
    "symbol",
    "mangled",
    "address",
    "offset",
    "size",
    "same_items",
    "address_taken",
    "estimated",
    "told_apart",
    "needed_by",
];

/// One line for each copy; a version of a crate is one, too.
pub fn duplicates_csv(report: &DuplicatesReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(COLUMNS).map_err(io_error)?;
    let lists = [
        (&report.crates, "crates"),
        (&report.same_name, "same-name"),
        (&report.toolchain_copies, "toolchain-copies"),
    ];
    for (list, name) in lists {
        for (number, group) in list.rows.iter().enumerate() {
            for version in &group.versions {
                let line = Line {
                    list: name,
                    group: number,
                    name: &group.name,
                    copies: group.versions.iter().filter(|v| v.told_apart).count() as u64,
                    saved: &group.saved,
                };
                let cells = [
                    for_csv(&version.name).into_owned(),
                    String::new(),
                    String::new(),
                    String::new(),
                    String::new(),
                    version.file.to_string(),
                    version.same_items.to_string(),
                    String::new(),
                    "false".to_string(),
                    version.told_apart.to_string(),
                    for_csv(&version.needed_by.as_deref().unwrap_or_default().join(" ")).into_owned(),
                ];
                writer.write_record(line.cells().into_iter().chain(cells)).map_err(io_error)?;
            }
        }
    }
    let equal = [
        (&report.functions, "functions"),
        (&report.constants, "constants"),
        (&report.kept_apart, "kept-apart"),
    ];
    for (list, name) in equal {
        for (number, group) in list.iter().flat_map(|l| l.rows.iter().enumerate()) {
            let (copies, saved) = (group.copies, &group.saved);
            let line = Line { list: name, group: number, name: &group.name, copies, saved };
            for member in &group.members {
                writer.write_record(line.cells().into_iter().chain(of_copy(member))).map_err(io_error)?;
            }
        }
    }
    let shapes =
        report.similar.iter().flat_map(|l| &l.rows).flat_map(|g| g.shapes.iter().map(move |s| (g, s)));
    for (number, (group, shape)) in shapes.enumerate() {
        let (copies, saved) = (shape.copies, &shape.saved);
        let line = Line { list: "similar", group: number, name: &group.name, copies, saved };
        for member in &shape.members {
            writer.write_record(line.cells().into_iter().chain(of_copy(member))).map_err(io_error)?;
        }
    }
    writer.flush()
}

/// What all copies of a group share.
struct Line<'l> {
    list: &'static str,
    group: usize,
    name: &'l str,
    copies: u64,
    saved: &'l Saving,
}

impl Line<'_> {
    fn cells(&self) -> [String; 6] {
        let safe = self.saved.safe.map(|b| b.to_string()).unwrap_or_default();
        [
            self.list.to_string(),
            self.group.to_string(),
            for_csv(self.name).into_owned(),
            self.copies.to_string(),
            self.saved.all.to_string(),
            safe,
        ]
    }
}

fn of_copy(copy: &Twin) -> [String; 11] {
    [
        for_csv(&copy.krate).into_owned(),
        for_csv(copy.symbol.as_deref().unwrap_or_default()).into_owned(),
        for_csv(copy.mangled.as_deref().unwrap_or_default()).into_owned(),
        copy.address.map(|a| a.to_string()).unwrap_or_default(),
        copy.offset.to_string(),
        copy.size.to_string(),
        String::new(),
        copy.address_taken.map(|t| t.to_string()).unwrap_or_default(),
        copy.estimated.to_string(),
        String::new(),
        String::new(),
    ]
}
