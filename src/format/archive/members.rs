//! The headers of an archive: where its members lie and what they are called.
//!
//! Follows the common `ar` format with the extensions in use: long names of System
//! V and GNU (`//`), of BSD and Apple (`#1/`), and the linker members of COFF. Does
//! not look into members.

use std::borrow::Cow;
use std::ops::Range;

use crate::format::text::NameBudget;

/// First bytes of an archive.
pub const MAGIC: &[u8] = b"!<arch>\n";

/// First bytes of an archive whose members lie in files of their own.
pub const THIN_MAGIC: &[u8] = b"!<thin>\n";

/// Length of a member header in bytes.
const HEADER: u64 = 60;

/// What an entry of an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Which member defines which symbol.
    SymbolIndex,
    /// Names too long for a header.
    LongNames,
    /// Content.
    Member,
    /// Content that lies in another file.
    Elsewhere,
}

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'data> {
    /// Name without padding; empty for tables.
    pub name: Cow<'data, str>,
    /// What it is.
    pub kind: EntryKind,
    /// Its header, and its name where that follows the header.
    pub header: Range<u64>,
    /// Its content.
    pub content: Range<u64>,
}

/// Reads the headers of all entries.
///
/// Returns also the offset and the reason if it had to stop before the end.
///
/// *Cost*: linear in the number of entries.
pub fn read(data: &[u8]) -> (Vec<Entry<'_>>, Option<(u64, &'static str)>) {
    let is_thin = data.starts_with(THIN_MAGIC);
    let len = data.len() as u64;
    let mut entries = Vec::new();
    let mut long_names = LongNames { table: &[], budget: NameBudget::of(data.len()) };
    let mut at = MAGIC.len() as u64;
    while at < len {
        // Entries start at even offsets; some writers leave the filler out at the end.
        if at % 2 == 1 {
            at += 1;
            continue;
        }
        let Some(header) = slice(data, at..at.saturating_add(HEADER)) else {
            return (entries, Some((at, "the file ends inside a member header")));
        };
        let Some(size) = size_of_content(header) else {
            return (entries, Some((at, "there is no member header")));
        };
        let name = header.get(..16).unwrap_or_default();
        let start = at + HEADER;
        let mut entry = entry(name, &mut long_names, is_thin);
        let stored = if entry.kind == EntryKind::Elsewhere { 0 } else { size };
        let end = start.saturating_add(stored);
        entry.header = at..start;
        entry.content = start..end.min(len);
        if let Some(length) = bsd_name_length(name) {
            let named = start.saturating_add(length).min(entry.content.end);
            let text = slice(data, start..named).unwrap_or_default();
            let text = text.split(|&b| b == 0).next().unwrap_or_default();
            entry.name = String::from_utf8_lossy(text);
            entry.header.end = named;
            entry.content.start = named;
            if text.starts_with(b"__.SYMDEF") {
                entry.kind = EntryKind::SymbolIndex;
            }
        }
        if entry.kind == EntryKind::LongNames {
            long_names.table = slice(data, entry.content.clone()).unwrap_or_default();
        }
        entries.push(entry);
        if end > len {
            return (entries, Some((at, "the file ends inside a member")));
        }
        at = end;
    }
    (entries, None)
}

fn slice(data: &[u8], range: Range<u64>) -> Option<&[u8]> {
    data.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}

/// The size a header states; `None` if it is no header.
fn size_of_content(header: &[u8]) -> Option<u64> {
    let ends = header.get(58..60)?;
    let digits = std::str::from_utf8(header.get(48..58)?).ok()?;
    if ends == b"`\n" { digits.trim_end().parse().ok() } else { None }
}

fn bsd_name_length(name: &[u8]) -> Option<u64> {
    std::str::from_utf8(name.strip_prefix(b"#1/")?).ok()?.trim_end().parse().ok()
}

/// The entry that a header's name field speaks of, its places still open.
fn entry<'data>(field: &'data [u8], long_names: &mut LongNames<'data>, is_thin: bool) -> Entry<'data> {
    let field = field.trim_ascii_end();
    let content = if is_thin { EntryKind::Elsewhere } else { EntryKind::Member };
    let (name, kind): (&[u8], EntryKind) = match field {
        b"/" | b"/SYM64/" | b"/<ECSYMBOLS>/" | b"/<XFGHASHMAP>/" => (b"", EntryKind::SymbolIndex),
        b"//" => (b"", EntryKind::LongNames),
        _ if field.starts_with(b"__.SYMDEF") => (b"", EntryKind::SymbolIndex),
        _ => {
            let offset = field.strip_prefix(b"/").and_then(|d| std::str::from_utf8(d).ok()?.parse().ok());
            (offset.map_or(field.strip_suffix(b"/").unwrap_or(field), |o| long_names.get(o)), content)
        }
    };
    Entry { name: String::from_utf8_lossy(name), kind, header: 0..0, content: 0..0 }
}

/// Names that do not fit into a header.
struct LongNames<'data> {
    table: &'data [u8],
    budget: NameBudget,
}

impl<'data> LongNames<'data> {
    /// The name at an offset: up to `/` and a line feed (GNU), or up to a zero (COFF).
    fn get(&mut self, offset: usize) -> &'data [u8] {
        let name = self.budget.read(self.table, offset, |b| b == b'\n' || b == 0).unwrap_or_default();
        name.strip_suffix(b"/").unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: usize) -> String {
        format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644)
    }

    fn names(data: &str) -> Vec<(String, EntryKind, Range<u64>)> {
        let (entries, stopped) = read(data.as_bytes());
        assert_eq!(stopped, None);
        entries.into_iter().map(|e| (e.name.into_owned(), e.kind, e.content)).collect()
    }

    #[test]
    fn gnu_long_names_are_looked_up() {
        let long = "a-name-of-many-letters.o/\n";
        let data = format!(
            "!<arch>\n{}abcd{}{long}{}xyz\n{}ab",
            header("/", 4),
            header("//", long.len()),
            header("/0", 3),
            header("short.o/", 2),
        );
        let start = 8 + 60 + 4 + 60 + long.len() as u64 + 60;
        assert_eq!(
            names(&data),
            [
                (String::new(), EntryKind::SymbolIndex, 68..72),
                (String::new(), EntryKind::LongNames, 132..132 + long.len() as u64),
                ("a-name-of-many-letters.o".into(), EntryKind::Member, start..start + 3),
                ("short.o".into(), EntryKind::Member, start + 64..start + 66),
            ]
        );
    }

    #[test]
    fn a_long_name_is_not_read_for_each_of_many_members() {
        let long = "x".repeat(1 << 16);
        let mut data = format!("!<arch>\n{}{long}", header("//", long.len()));
        (0..1 << 12).for_each(|_| data.push_str(&header("/0", 0)));
        let (entries, wrong) = read(data.as_bytes());
        assert_eq!((entries.len(), wrong), (1 + (1 << 12), None));
        // Read each time, names would come to 256 MiB.
        let read: usize = entries.iter().map(|e| e.name.len()).sum();
        assert!(entries[1].name == long && read <= 8 * data.len(), "{read} bytes");
    }

    #[test]
    fn bsd_names_lie_in_front_of_the_content() {
        let data = format!(
            "!<arch>\n{}__.SYMDEF\0\0\0abcd{}long name.o\0XY",
            header("#1/12", 16),
            header("#1/12", 14)
        );
        assert_eq!(
            names(&data),
            [
                ("__.SYMDEF".into(), EntryKind::SymbolIndex, 80..84),
                ("long name.o".into(), EntryKind::Member, 156..158),
            ]
        );
    }

    #[test]
    fn members_of_thin_archives_lie_elsewhere() {
        let data =
            format!("!<thin>\n{}dir/a.o/\n\n{}{}", header("//", 10), header("/0", 5000), header("b.o/", 7));
        assert_eq!(
            names(&data)[1..],
            [
                ("dir/a.o".into(), EntryKind::Elsewhere, 138..138),
                ("b.o".into(), EntryKind::Elsewhere, 198..198),
            ]
        );
    }

    #[test]
    fn what_is_cut_off_is_told_and_the_rest_is_read() {
        let whole = format!("!<arch>\n{}abcd{}abcd", header("a.o/", 4), header("b.o/", 4));
        let at = |len: usize| {
            let (entries, stopped) = read(&whole.as_bytes()[..len]);
            (entries.len(), stopped)
        };
        assert_eq!(at(whole.len()), (2, None));
        assert_eq!(at(whole.len() - 1), (2, Some((72, "the file ends inside a member"))));
        assert_eq!(at(100), (1, Some((72, "the file ends inside a member header"))));
        assert_eq!(
            read(&[b"!<arch>\n".as_slice(), &[b'x'; 60]].concat()).1,
            Some((8, "there is no member header"))
        );
    }
}
