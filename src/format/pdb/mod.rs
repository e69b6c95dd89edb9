//! Program databases (PDB) of Microsoft's and LLVM's linkers.
//!
//! What an executable of MSVC's kind lacks lies here: names and sizes of functions,
//! object files and where the linker put their pieces, who compiled them and where.
//! The database is a companion: none of its bytes are bytes of the executable, and
//! everything it says is about places that the executable has (`section:offset`).
//!
//! Read by hand, since only a few streams count and all of them come from whoever
//! made the file: streams are copied once, and together never more than the file
//! is long. Line tables and names of inlined functions are copied only where they are
//! asked for; other types are not read.

mod adopt;
mod code;
mod dbi;
mod facts;
mod id;
mod ids;
mod merge;
mod modules;
mod msf;
mod records;
mod texts;

pub use adopt::adopt;
pub use facts::{Facts, Placed};

use crate::error::Diagnostic;
use crate::format::Detail;
use crate::format::trouble::Trouble;

/// Number of the stream of types.
const TYPES_STREAM: u16 = 2;

/// Number of the stream of ids.
const IDS_STREAM: u16 = 4;

/// Whether a file is a program database of any kind, by its first bytes.
pub fn is_database(file: &[u8]) -> bool {
    msf::MAGICS.iter().any(|magic| file.starts_with(magic))
}

/// Why a program database is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The file is something else.
    #[error("it is no program database")]
    NotOne,
    /// The file is a program database of a kind that is not read.
    #[error("{0}")]
    Unsupported(&'static str),
    /// There is nothing to be read behind its first bytes.
    #[error("{0}")]
    Damaged(String),
    /// It is that of another build.
    #[error("its id is {found}, and {wanted} is wanted")]
    OtherBuild {
        /// What the executable says.
        wanted: String,
        /// What the database says.
        found: String,
    },
}

/// A program database, of which the streams that count are in memory.
///
/// Facts borrow names from it, so it must live as long as the image that adopts them.
#[derive(Debug)]
pub struct Database {
    id: String,
    header: dbi::Header,
    /// The DBI stream.
    dbi: Vec<u8>,
    /// The stream of global symbol records.
    globals: Vec<u8>,
    /// The stream of ids.
    ids: Vec<u8>,
    /// By module: its symbol records.
    symbols: Vec<Vec<u8>>,
    /// What else says where instructions come from, if that was asked for.
    code: Option<code::Streams>,
    diagnostics: Vec<Diagnostic>,
}

impl Database {
    /// Opens a program database (MSF 7.00).
    ///
    /// `wanted` is the id that the executable states, see [`Database::id`]; without, any
    /// database is taken. It is looked at first, so refusing one of another build is cheap.
    /// `detail` says whether [`Facts::code`] will be wanted.
    ///
    /// *Errors*: see [`Refused`]. A stream that cannot be read is a diagnostic of
    /// [`Database::facts`], and the rest is read.
    ///
    /// *Cost*: copies the streams that count; never more bytes than the file has.
    pub fn open(file: &[u8], wanted: Option<&str>, detail: Detail) -> Result<Database, Refused> {
        let mut container = msf::Container::open(file)?;
        let info = container.stream(id::STREAM, id::SIZE).map_err(Refused::Damaged)?;
        let guid = id::guid(&info).ok_or_else(|| Refused::Damaged("its identity is cut off".into()))?;
        let dbi = container.stream(dbi::STREAM, u32::MAX).map_err(Refused::Damaged)?;
        let no_header = || Refused::Damaged("it has no debug information (DBI) of a known layout".into());
        let header = dbi::header(&dbi).ok_or_else(no_header)?;
        let id = id::text(guid, header.age);
        if let Some(wanted) = wanted.filter(|&wanted| wanted != id) {
            return Err(Refused::OtherBuild { wanted: wanted.to_string(), found: id });
        }

        let mut trouble = Trouble::default();
        let mut copy = |what: &str, stream: u16, limit: u32| {
            container.stream(stream, limit).unwrap_or_else(|why| {
                trouble.add("pdb-stream-unread", || {
                    Diagnostic::warning("pdb-stream-unread", format!("{what} of the PDB: {why}"))
                });
                Vec::new()
            })
        };
        let globals = match header.symbol_records {
            dbi::NO_STREAM => Vec::new(),
            stream => copy("the global symbols", stream, u32::MAX),
        };
        let (modules, all) = header.modules(&dbi);
        let mut symbols = Vec::with_capacity(modules.len());
        let mut lines = Vec::new();
        for module in &modules {
            let [old_lines, new_lines] = match detail {
                Detail::Plain => [0, 0],
                Detail::Functions | Detail::Lines | Detail::Code => module.lines_sizes,
            };
            let before = module.symbols_size.saturating_add(old_lines);
            let mut bytes = match (module.stream, before.saturating_add(new_lines)) {
                (dbi::NO_STREAM, _) | (_, 0) => Vec::new(),
                (stream, size) => copy(&format!("symbols of `{}`", module.name.escape_ascii()), stream, size),
            };
            if detail != Detail::Plain {
                lines.push(bytes.split_off(bytes.len().min(before as usize)));
            }
            bytes.truncate(module.symbols_size as usize);
            symbols.push(bytes);
        }
        if !all {
            trouble.add("pdb-modules-cut", || {
                let text = format!("the list of modules of the PDB breaks off after {}", modules.len());
                Diagnostic::warning("pdb-modules-cut", text)
            });
        }
        let mut optional = |number: u16| {
            let there = container.size(number).and_then(|size| container.stream(number, size).ok());
            there.unwrap_or_default()
        };
        // Databases of old tools have none.
        let ids = optional(IDS_STREAM);
        let code = (detail != Detail::Plain).then(|| code::Streams {
            lines,
            types: optional(TYPES_STREAM),
            texts: texts::stream(&optional(id::STREAM)).map(&mut optional).unwrap_or_default(),
        });
        Ok(Database { id, header, globals, ids, symbols, code, diagnostics: trouble.into_diagnostics(), dbi })
    }

    /// What tells which build it is of: GUID and age as symbol servers write them, in
    /// lower-case hexadecimal.
    pub fn id(&self) -> &str {
        &self.id
    }
}
