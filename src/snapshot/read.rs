//! Reads a snapshot into a model.
//!
//! Nothing in it is believed: sizes must sum to those of the file, names must be known,
//! numbers in range. The checksum has told damage by then; this tells what was made up.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use parquet::basic::{Compression, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData};

use super::Snapshot;
use super::columns::{SNAPSHOT, Values, symbol_type};
use super::decode;
use super::facts::{self, Tables};
use super::pages::Pages;
use super::seal::{self, Damage};
use crate::error::Error;
use crate::input::Input;
use crate::intern::{Distinct, NameId, Names};
use crate::kind::Kind;
use crate::model::{
    Contents, CrateId, Evidence, Leaf, Leaves, MemberRow, Model, Owner, OwnerId, SectionId, SectionRow,
    SegmentId, Sizes, SymbolId, SymbolRow, SymbolSort, UnitId, UnitRow,
};
use crate::order::Arrange;

/// Most bytes of a snapshot; one of a 50 MB program has one or two million.
const LARGEST: usize = 256 << 20;
/// Most bytes of all its columns before compression, or of all text in one of them, for each byte of the file.
/// Columns shrink to a fifth, text to a twentieth, as names share their beginnings.
const PLAIN: usize = 64;
/// The same for a file of any size.
const PLAIN_OF_ANY: usize = 64 << 20;
/// Most bytes of all rows; no file takes so many of memory that any other reader accepts.
const LONGEST: u64 = 1 << 61;
/// Most rows beyond one for each byte of the file; there are seven bytes for each row of a large program.
/// A row takes some 320 bytes of memory when read.
const ROWS_OF_ANY: usize = 500_000;

/// Reads a snapshot that [`super::save`] wrote.
///
/// *Errors*: [`Error::Snapshot`] with what is wrong.
/// *Cost*: linear in the number of rows.
pub fn read(input: &Input) -> Result<Snapshot, Error> {
    read_bytes(input.bytes())
        .map_err(|damage| Error::Snapshot { path: input.path().to_path_buf(), source: Box::new(damage) })
}

impl From<ParquetError> for Damage {
    fn from(error: ParquetError) -> Damage {
        Damage::Parquet(error.to_string())
    }
}

fn nonsense(what: impl Into<String>) -> Damage {
    Damage::Nonsense(what.into())
}

fn read_bytes(bytes: &[u8]) -> Result<Snapshot, Damage> {
    if bytes.len() > LARGEST {
        return Err(Damage::TooLarge(bytes.len() as u64));
    }
    seal::check(bytes)?;
    let metadata = ParquetMetaDataReader::decode_metadata(footer(bytes)?)?;
    let mut plain = metadata.row_groups().iter().map(|group| group.total_byte_size());
    let plain = plain.try_fold(0i64, |sum, size| sum.checked_add(size).filter(|_| size >= 0));
    let most_plain = bytes.len() * PLAIN + PLAIN_OF_ANY;
    if plain.and_then(|plain| usize::try_from(plain).ok()).is_none_or(|plain| plain > most_plain) {
        return Err(nonsense("its columns are larger than any snapshot's"));
    }
    let mut rows = metadata.row_groups().iter().map(|group| group.num_rows());
    let rows = rows.try_fold(0i64, |sum, rows| sum.checked_add(rows).filter(|_| rows >= 0));
    let rows =
        rows.and_then(|rows| usize::try_from(rows).ok()).filter(|&rows| rows <= bytes.len() + ROWS_OF_ANY);
    let rows = rows.ok_or_else(|| nonsense("it has more rows than any snapshot"))?;
    let mut names = Names::default();
    let entries = metadata.file_metadata().key_value_metadata().map_or(&[][..], Vec::as_slice);
    let tables = facts::read(entries, &mut names)?;
    let mut build = Build::new(tables, names, rows);
    // What headers of pages say is not yet known to be what the footer says.
    let plain = Cell::new(most_plain);
    for metadata in metadata.row_groups() {
        build.group(&Group::new(bytes, &plain, metadata)?)?;
    }
    build.finish()
}

/// The metadata at the end of a file: in front of its length in four bytes and the magic number.
fn footer(file: &[u8]) -> Result<&[u8], Damage> {
    let outside = || nonsense("its metadata is larger than the file");
    let (rest, tail) = file.split_last_chunk::<8>().ok_or_else(outside)?;
    let [a, b, c, d, ..] = *tail;
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    rest.len().checked_sub(len).and_then(|start| rest.get(start..)).ok_or_else(outside)
}

/// The columns of one row group by name.
struct Group<'g> {
    file: &'g [u8],
    /// Bytes that may yet be decompressed, of all groups.
    plain: &'g Cell<usize>,
    metadata: &'g RowGroupMetaData,
    places: HashMap<String, usize>,
    rows: usize,
}

impl<'g> Group<'g> {
    fn new(
        file: &'g [u8],
        plain: &'g Cell<usize>,
        metadata: &'g RowGroupMetaData,
    ) -> Result<Group<'g>, Damage> {
        let rows = usize::try_from(metadata.num_rows()).map_err(|_| nonsense("a negative number of rows"))?;
        let columns = metadata.columns().iter().enumerate();
        let places = columns.map(|(index, column)| (column.column_path().string(), index)).collect();
        for column in metadata.columns() {
            place(column, rows, file)?;
        }
        let group = Group { file, plain, metadata, places, rows };
        for column in &SNAPSHOT {
            let physical = match column.values {
                Values::Word(_) | Values::Name(_) => Physical::BYTE_ARRAY,
                Values::Number(_) | Values::Packed(_) | Values::Scattered(_) => Physical::INT64,
                Values::Flag(_) => Physical::BOOLEAN,
            };
            let place = group.index(column.name)?;
            let found = metadata.column(place).column_descr();
            // Other levels would be a list or a structure; only flags are there in every row.
            let levels = (found.max_rep_level(), found.max_def_level());
            let is_flat = levels == (0, i16::from(physical != Physical::BOOLEAN));
            if found.physical_type() != physical || !is_flat {
                return Err(nonsense(format!("the column `{}` has another type", column.name)));
            }
        }
        Ok(group)
    }

    fn index(&self, name: &str) -> Result<usize, Damage> {
        self.places.get(name).copied().ok_or_else(|| nonsense(format!("it has no column `{name}`")))
    }

    fn pages(&self, name: &str) -> Result<Pages<'g>, Damage> {
        let column = self.metadata.column(self.index(name)?);
        Ok(Pages::new(place(column, self.rows, self.file)?, self.plain))
    }

    fn flags(&self, name: &str) -> Result<Vec<bool>, Damage> {
        decode::flags(self.pages(name)?, self.rows)
    }

    fn numbers(&self, name: &str) -> Result<Vec<Option<i64>>, Damage> {
        decode::numbers(self.pages(name)?, self.rows)
    }

    /// The texts of a column as what `make` makes of each; each is looked at once for each run of it.
    fn words<V: Copy>(
        &self,
        name: &str,
        mut make: impl FnMut(&str) -> Option<V>,
    ) -> Result<Vec<Option<V>>, Damage> {
        let mut last: Option<(String, V)> = None;
        let mut all = Vec::new();
        decode::texts(self.pages(name)?, self.rows, self.file.len() * PLAIN + PLAIN_OF_ANY, &mut |text| {
            let Some(text) = text else {
                all.push(None);
                return Ok(());
            };
            if let Some((_, made)) = last.as_ref().filter(|(known, _)| known == text) {
                all.push(Some(*made));
                return Ok(());
            }
            let unknown = || nonsense(format!("`{}` is unknown in the column `{name}`", text.escape_debug()));
            let made = make(text).ok_or_else(unknown)?;
            all.push(Some(made));
            last = Some((text.to_string(), made));
            Ok(())
        })?;
        Ok(all)
    }

    /// The same, where every row has one.
    fn all<V: Copy>(&self, name: &str, make: impl FnMut(&str) -> Option<V>) -> Result<Vec<V>, Damage> {
        let words = self.words(name, make)?;
        let all: Option<Vec<V>> = words.into_iter().collect();
        all.ok_or_else(|| nonsense(format!("a row has no `{name}`")))
    }
}

/// The bytes of a column, if they can be where the footer says.
fn place<'f>(column: &ColumnChunkMetaData, rows: usize, file: &'f [u8]) -> Result<&'f [u8], Damage> {
    // The dictionary, if there is one, lies in front of the data and is part of the length.
    let starts = [Some(column.data_page_offset()), column.dictionary_page_offset()];
    let start = starts.into_iter().flatten().min().and_then(|start| usize::try_from(start).ok());
    let bytes = start.and_then(|start| file.get(start..));
    let len = usize::try_from(column.compressed_size()).ok();
    let bytes = bytes.zip(len).and_then(|(bytes, len)| bytes.get(..len));
    let is_known = matches!(column.compression(), Compression::GZIP(_));
    let is_whole = usize::try_from(column.num_values()).ok() == Some(rows);
    bytes.filter(|_| is_known && is_whole).ok_or_else(|| {
        let name = column.column_path().string();
        nonsense(format!("the column `{}` cannot be where it is said to be", name.escape_debug()))
    })
}

/// One row, as far as it is a leaf. What is numbered in order of position has no number yet.
struct Row {
    leaf: Leaf,
    section: Option<(NameId, NameId)>,
    unit: Option<NameId>,
    owner: Owner,
    /// Index into [`Build::members`].
    member: usize,
}

/// A model that is being put together.
struct Build {
    tables: Tables,
    names: Names,
    /// Rows of all groups.
    all: usize,
    labels: HashMap<NameId, CrateId>,
    symbols: Vec<Option<SymbolRow>>,
    contents: Vec<u64>,
    rows: Vec<Row>,
    /// Each run of rows with one member is one.
    members: Vec<MemberRow>,
}

impl Build {
    fn new(tables: Tables, names: Names, all: usize) -> Build {
        let mut labels = HashMap::new();
        for (index, row) in tables.crates.iter().enumerate() {
            labels.entry(row.label).or_insert(CrateId::new(index));
        }
        Build {
            tables,
            names,
            all,
            labels,
            symbols: Vec::new(),
            contents: Vec::new(),
            rows: Vec::new(),
            members: Vec::new(),
        }
    }

    /// Adds the rows of a group.
    fn group(&mut self, group: &Group<'_>) -> Result<(), Damage> {
        let Build { names, labels, .. } = self;
        let mut krate = |text: &str| labels.get(&names.intern(text)).copied();
        let owner = group.all("crate_label", &mut krate)?;
        let defined_in = group.words("defined_in", &mut krate)?;
        let instantiated_by = group.words("instantiated_by", &mut krate)?;
        let evidence = |text: &str| Evidence::ALL.into_iter().find(|e| e.as_str() == text);
        let owner_evidence = group.all("evidence", evidence)?;
        let defined_evidence = group.all("defined_evidence", evidence)?;
        let instantiated_evidence = group.all("instantiated_evidence", evidence)?;
        let kinds = group.all("kind", |text| Kind::ALL.into_iter().find(|k| k.as_str() == text))?;
        let mut intern = |name: &str| group.words(name, |text| Some(names.intern(text)));
        let members = intern("member")?;
        let sections = intern("section")?;
        let units = intern("unit")?;
        let sizes = group.numbers("size")?;
        let counts = group.numbers("symbols")?;
        let segments = group.numbers("segment_number")?;
        let (in_file, in_memory) = (group.flags("in_file")?, group.flags("in_memory")?);
        let estimated = group.flags("estimated")?;
        let symbols = self.symbols(group, &sizes)?;
        for row in 0..group.rows {
            let owner = Owner {
                krate: owner[row],
                defined_in: defined_in[row].unwrap_or(CrateId::NONE),
                instantiated_by: instantiated_by[row].unwrap_or(CrateId::NONE),
                evidence: owner_evidence[row],
                defined_evidence: defined_evidence[row],
                instantiated_evidence: instantiated_evidence[row],
            };
            let positive = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
            let (Some(len), Some(symbol_count)) =
                (positive(sizes[row]).filter(|&n| n > 0), positive(counts[row]))
            else {
                return Err(nonsense("a row has no size"));
            };
            if symbol_count > 1 || (symbol_count == 1 && symbols[row] == SymbolId::NONE) {
                return Err(nonsense("a row has more symbols than it names"));
            }
            if !in_file[row] && !in_memory[row] {
                return Err(nonsense("a row is neither in the file nor in memory"));
            }
            let segment = match segments[row].map(usize::try_from) {
                None => SegmentId::NONE,
                Some(Ok(index)) if index < self.tables.segments.len() => SegmentId::new(index),
                Some(_) => return Err(nonsense("a row is in a segment that there is not")),
            };
            let member = members[row].unwrap_or(NameId::NONE);
            if self.members.last().is_none_or(|last| last.name != member) {
                self.members.push(MemberRow { name: member, file: 0..0, zero: 0..0 });
            }
            let leaf = Leaf {
                frame: crate::model::FrameId::NONE,
                line: crate::model::LineId::NONE,
                start: 0,
                len,
                kind: kinds[row],
                segment,
                section: SectionId::NONE,
                symbol: symbols[row],
                unit: UnitId::NONE,
                owner: OwnerId(0),
                estimated: estimated[row],
                home: symbol_count == 1,
                in_file: in_file[row],
                in_memory: in_memory[row],
            };
            let section = sections[row].map(|name| (member, name));
            self.rows.push(Row { leaf, section, unit: units[row], owner, member: self.members.len() - 1 });
        }
        Ok(())
    }

    /// The symbols of rows; what rows tell of them is noted.
    fn symbols(&mut self, group: &Group<'_>, sizes: &[Option<i64>]) -> Result<Vec<SymbolId>, Damage> {
        let numbers = group.numbers("symbol_number")?;
        let types = group.words("symbol_type", symbol_type)?;
        let names = &mut self.names;
        let mangled = group.words("mangled", |text| Some(names.push(text)))?;
        let shown = group.words("symbol", |text| Some(names.intern(text)))?;
        let addresses = group.numbers("address")?;
        let own_sizes = group.numbers("symbol_size")?;
        let prefixes = group.numbers("mangled_prefix")?;
        let contents = group.numbers("content")?;
        let mut ids = Vec::with_capacity(group.rows);
        for row in 0..group.rows {
            let Some(number) = numbers[row] else {
                ids.push(SymbolId::NONE);
                continue;
            };
            // As many symbols as rows at most, so numbers cannot ask for more memory than rows do.
            let number = usize::try_from(number).ok().filter(|&n| n < self.all);
            let number = number.ok_or_else(|| nonsense("a symbol has an impossible number"))?;
            let id = SymbolId::new(number);
            ids.push(id);
            let Some(sort) = types[row] else { continue };
            let address = addresses[row].map(i64::cast_unsigned);
            let text = self.names.get(shown[row].unwrap_or(NameId::NONE)).to_string();
            let name = match (sort, mangled[row]) {
                (SymbolSort::Structure, _) => {
                    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
                    self.names.intern(bare.unwrap_or(&text))
                }
                // What is called by its address has no name.
                (SymbolSort::Unnamed, _) if is_address(&text, address) => self.names.intern(""),
                (SymbolSort::Unnamed, _) => self.names.intern(&text),
                (_, Some(name)) => name,
                (_, None) => self.names.intern(""),
            };
            // Left out where it is the size of the row.
            let size = own_sizes[row].or(sizes[row]).and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
            let prefix = prefixes[row].and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
            if number >= self.symbols.len() {
                self.symbols.resize(number + 1, None);
                self.contents.resize(number + 1, 0);
            }
            self.symbols[number] = Some(SymbolRow { name, prefix, address, size, sort, alias_of: id });
            self.contents[number] = contents[row].map_or(0, i64::cast_unsigned);
        }
        Ok(ids)
    }

    fn finish(self) -> Result<Snapshot, Damage> {
        let Build { tables, names, mut rows, mut members, .. } = self;
        let symbols: Option<Vec<SymbolRow>> = self.symbols.into_iter().collect();
        let symbols = symbols.ok_or_else(|| nonsense("rows name a symbol that none tells of"))?;
        // From the order of names to that of positions. Rows of one symbol are in it already.
        rows.arrange_by_key(|row| (row.member, row.leaf.symbol));
        let (mut sections, mut units, mut owners) =
            (Distinct::default(), Distinct::default(), Distinct::default());
        for Row { leaf, section, unit, owner, .. } in &mut rows {
            leaf.section = section.map_or(SectionId::NONE, |of| SectionId(sections.insert(of)));
            leaf.unit = unit.map_or(UnitId::NONE, |name| UnitId(units.insert(name)));
            leaf.owner = OwnerId(owners.insert(*owner));
        }
        // What is in memory only lies behind the file.
        rows.arrange_by_key(|row| !row.leaf.in_file);
        let sections = sections.into_values().into_iter();
        let mut sections: Vec<SectionRow> = sections
            .map(|(_, name)| SectionRow { name, kind: Kind::Unmapped, size: 0, address: None })
            .collect();
        let mut leaves = Leaves::new(Vec::new());
        let mut sum = Sizes::default();
        let mut at = 0u64;
        for Row { leaf, member, .. } in rows {
            if leaf.symbol.get().is_some_and(|index| index >= symbols.len()) {
                return Err(nonsense("rows name a symbol that none tells of"));
            }
            // A file is no longer than the line, so no sum can overflow.
            let end = at.checked_add(leaf.len).filter(|&end| end <= LONGEST);
            let end = end.ok_or_else(|| nonsense("its rows are larger than any file"))?;
            sum += leaf.sizes();
            if let Some(section) = leaf.section.get().and_then(|i| sections.get_mut(i)) {
                section.kind = leaf.kind;
            }
            leaves.push(Leaf { start: at, ..leaf });
            if let Some(of) = members.get_mut(member) {
                let span = if leaf.in_file { &mut of.file } else { &mut of.zero };
                if span.is_empty() {
                    span.start = at;
                }
                span.end = end;
            }
            at = end;
        }
        // In order of position, also those that have no bytes in the file or none behind it.
        let (mut file_end, mut zero_end) = (0, tables.facts.file_size);
        for of in &mut members {
            let place = |span: &mut Range<u64>, last: &mut u64| {
                if span.is_empty() {
                    *span = *last..*last;
                }
                *last = span.end;
            };
            place(&mut of.file, &mut file_end);
            place(&mut of.zero, &mut zero_end);
        }
        members.retain(|of| of.name != NameId::NONE);
        let model = Model {
            code: None,
            facts: tables.facts,
            leaves,
            members,
            segments: tables.segments,
            sections,
            symbols,
            units: units
                .into_values()
                .into_iter()
                .map(|name| UnitRow { name, comp_dir: NameId::NONE, language: 0 })
                .collect(),
            crates: tables.crates,
            owners: owners.into_values(),
            names,
            diagnostics: tables.diagnostics,
        };
        if sum != model.total() {
            return Err(nonsense(format!(
                "its rows have {} bytes of file and {} of memory, and it says {} and {}",
                sum.file, sum.memory, model.facts.file_size, model.facts.memory_size
            )));
        }
        debug_assert_eq!(model.check(), Ok(()));
        Ok(Snapshot { model, contents: Contents { by_symbol: self.contents } })
    }
}

/// Whether a function is called by its address, as those are that only unwind tables know.
fn is_address(text: &str, address: Option<u64>) -> bool {
    text == format!("[function at {:#x}]", address.unwrap_or_default())
}
