//! Everything a program database says of its executable.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::dbi::{Contribution, Module};
use super::ids::Ids;
use super::modules::{self, Sort, Thing};
use super::records::{self, Entry, Place, Records};
use super::{Database, code, merge};
use crate::error::Diagnostic;
use crate::format::text::Decoder;
use crate::format::trouble::Trouble;
use crate::format::{Charge, CodeFacts, Symbol, Target, Unit, UnitRange};
use crate::order;
use crate::parallel;
use crate::timing;

/// Modules are read in lots of this many, whatever the number of threads.
const LOT: usize = 16;

/// `IMAGE_FILE_MACHINE_I386`, whose C names have an underscore in front.
const MACHINE_I386: u16 = 0x14c;

/// The linker's own module.
const LINKER: &[u8] = b"* Linker *";
/// Beginning of the names of modules that stand for a DLL.
const IMPORT: &[u8] = b"Import:";
/// CodeView's number for what linkers make (`CV_CFL_LINK`).
const LANGUAGE_LINK: u8 = 7;

/// Where `section:offset` lies on the line of the executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Position.
    pub pos: u64,
    /// How many bytes from there on lie in one run, within the section.
    pub len: u64,
}

/// What a database says, in positions on the line of its executable.
#[derive(Debug, Default)]
pub struct Facts<'data> {
    /// Functions with their sizes, data and public names without. Addresses are not filled in.
    pub symbols: Vec<Symbol<'data>>,
    /// Object files, but for what the linker made itself.
    pub units: Vec<Unit<'data>>,
    /// Where the linker put the pieces of object files.
    pub unit_ranges: Vec<UnitRange>,
    /// Jumps of incremental linking and pieces of functions, on account of the function.
    pub charges: Vec<Charge>,
    /// Where these lie, sorted.
    pub functions: Vec<Range<u64>>,
    /// What compilers and linkers call themselves, without repeats.
    pub toolchain: Vec<String>,
    /// Names of source files, in order of their place in the database.
    pub sources: Vec<Cow<'data, str>>,
    /// Where instructions come from, if the database was opened for that.
    pub code: Option<CodeFacts>,
    /// What could not be understood.
    pub diagnostics: Vec<Diagnostic>,
}

/// Translates a section (from 1) and an offset in it.
pub(super) type Locate<'l> = dyn Fn(u16, u32) -> Option<Placed> + Sync + 'l;

impl Database {
    /// Everything the database says of the executable.
    ///
    /// `locate` translates a section (from 1) and an offset in it.
    ///
    /// *Cost*: proportional to the streams; O(n log n) in the number of symbols.
    pub fn facts<'d>(&'d self, locate: &(dyn Fn(u16, u32) -> Option<Placed> + Sync)) -> Facts<'d> {
        let mut facts = Facts { diagnostics: self.diagnostics.clone(), ..Facts::default() };
        let mut trouble = Trouble::default();
        if self.header.is_rearranged(&self.dbi) {
            let text = "a tool moved code after the PDB was written (OMAP); places in it are not used";
            facts.diagnostics.push(Diagnostic::warning("pdb-rearranged", text));
            return facts;
        }
        let ids = Ids::read(&self.ids);
        let (modules, _) = self.header.modules(&self.dbi);
        let said = parallel::map(&self.symbols, LOT, |bytes| modules::read(bytes, &ids));

        let unit_of = units(&modules, &said, &mut facts);
        let mut things = Vec::new();
        for (module, said) in modules.iter().zip(&said) {
            things.extend_from_slice(&said.things);
            if let Some(at) = said.broken_at {
                trouble.add("pdb-symbols-cut", || {
                    let name = module.name.escape_ascii();
                    let text = format!("symbols of `{name}` in the PDB break off at byte {at}");
                    Diagnostic::warning("pdb-symbols-cut", text)
                });
            }
            for &(place, size, of) in &said.pieces {
                if let (Some(at), Some(of)) = (run(locate, place, size), locate(of.section, of.offset)) {
                    facts.charges.push(Charge { start: at.0, end: at.1, on: Target::Pos(of.pos) });
                    facts.functions.push(at.0..at.1);
                }
            }
        }
        let mut publics = self.globals(&mut things, &mut trouble);
        // With incremental linking, names lead to the jumps.
        let pieces = said.iter().flat_map(|s| &s.pieces).map(|&(place, size, _)| (place, size));
        let size_of: HashMap<Place, u32> = pieces.collect();
        for public in &mut publics {
            public.size = size_of.get(&public.place).copied().unwrap_or_default();
        }
        order::spans(&mut facts.functions);
        facts.symbols = merge::symbols(things, publics, self.header.machine == MACHINE_I386, locate);
        facts.contributions(&self.contributions(&mut trouble), &unit_of, locate);
        facts.sources = self.header.sources(&self.dbi).into_iter().map(String::from_utf8_lossy).collect();
        facts.code = self.code.as_ref().map(|streams| {
            let code = timing::phase("code", || code::read(&self.symbols, streams, ids, locate));
            for module in code.cut.iter().filter_map(|&index| modules.get(index)) {
                trouble.add("pdb-lines-cut", || {
                    let name = module.name.escape_ascii();
                    let text = format!("lines of `{name}` in the PDB are cut off or not understood");
                    Diagnostic::warning("pdb-lines-cut", text)
                });
            }
            code.facts
        });
        facts.diagnostics.extend(trouble.into_diagnostics());
        facts
    }

    /// Adds the variables of the global symbols to `things`, and returns public names.
    fn globals<'d>(&'d self, things: &mut Vec<Thing<'d>>, trouble: &mut Trouble) -> Vec<Thing<'d>> {
        let mut publics = Vec::new();
        let mut records = Records::new(&self.globals, 0);
        for entry in records.by_ref().filter_map(|(kind, data)| records::entry(kind, data)) {
            match entry {
                Entry::Public { place, name, is_code } => {
                    let sort = if is_code { Sort::Code } else { Sort::Data };
                    publics.push(Thing { place, size: 0, name, sort, is_global: true });
                }
                Entry::Data { place, name, is_global, is_thread_local } => {
                    let sort = if is_thread_local { Sort::ThreadLocal } else { Sort::Data };
                    things.push(Thing { place, size: 0, name, sort, is_global });
                }
                _ => {}
            }
        }
        if let Some(at) = records.broken_at() {
            trouble.add("pdb-symbols-cut", || {
                let text = format!("the global symbols of the PDB break off at byte {at}");
                Diagnostic::warning("pdb-symbols-cut", text)
            });
        }
        publics
    }

    fn contributions(&self, trouble: &mut Trouble) -> Vec<Contribution> {
        let (all, complete) = self.header.contributions(&self.dbi);
        if !complete {
            trouble.add("pdb-contributions-cut", || {
                let text = format!("the list of contributions of the PDB breaks off after {}", all.len());
                Diagnostic::warning("pdb-contributions-cut", text)
            });
        }
        all
    }
}

/// The run of `size` bytes at a place, cut where the section ends; `None` if it is empty.
pub(super) fn run(locate: &Locate<'_>, place: Place, size: u32) -> Option<(u64, u64)> {
    let at = locate(place.section, place.offset)?;
    let end = at.pos.checked_add(at.len.min(size.into()))?;
    (at.pos < end).then_some((at.pos, end))
}

/// Makes units of modules; by module, the index of its unit.
fn units<'d>(
    modules: &[Module<'d>],
    said: &[modules::Symbols<'d>],
    facts: &mut Facts<'d>,
) -> Vec<Option<u32>> {
    let mut unit_of = Vec::with_capacity(modules.len());
    let mut decoder = Decoder::new();
    let mut compilers: HashSet<&[u8]> = HashSet::new();
    for (module, said) in modules.iter().zip(said) {
        let compiler = decoder.text(said.compiler);
        if !compiler.is_empty() && compilers.insert(said.compiler) {
            facts.toolchain.push(compiler.to_string());
        }
        let by_linker =
            said.language == Some(LANGUAGE_LINK) || module.name == LINKER || module.name.starts_with(IMPORT);
        if by_linker {
            unit_of.push(None);
            continue;
        }
        unit_of.push(Some(facts.units.len() as u32));
        let name = if said.build.source.is_empty() { module.name } else { said.build.source };
        let archive = if module.file == module.name { &[][..] } else { module.file };
        facts.units.push(Unit {
            name: decoder.text(name),
            comp_dir: decoder.text(said.build.directory),
            producer: compiler,
            language: said.language.map_or(0, dwarf_language),
            version: 0,
            object: decoder.text(module.name),
            archive: decoder.text(archive),
        });
    }
    unit_of
}

/// The number DWARF has for a language of CodeView (`CV_CFL_LANG`); 0 where it has none.
fn dwarf_language(language: u8) -> u16 {
    let language = match language {
        0x00 => gimli::DW_LANG_C99,
        0x01 => gimli::DW_LANG_C_plus_plus,
        0x02 => gimli::DW_LANG_Fortran90,
        0x03 => gimli::DW_LANG_Mips_Assembler,
        0x13 => gimli::DW_LANG_Swift,
        0x15 => gimli::DW_LANG_Rust,
        0x44 => gimli::DW_LANG_D,
        _ => return 0,
    };
    language.0
}

impl Facts<'_> {
    fn contributions(
        &mut self,
        contributions: &[Contribution],
        unit_of: &[Option<u32>],
        locate: &(dyn Fn(u16, u32) -> Option<Placed> + Sync),
    ) {
        for one in contributions {
            let unit = unit_of.get(usize::from(one.module)).copied().flatten();
            if let (Some(unit), Some((start, end))) = (unit, run(locate, one.place, one.size)) {
                self.unit_ranges.push(UnitRange { start, end, unit });
            }
        }
        self.unit_ranges.sort_unstable();
    }
}
