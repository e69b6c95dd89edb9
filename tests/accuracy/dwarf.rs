//! What debug information says of functions: the namespace they are declared in.
//!
//! The independent truth for *defined in*. `bloat` reads units only and never
//! looks at namespaces, which need a walk over all entries.

use std::collections::HashMap;
use std::path::Path;

use gimli::{AttributeValue, DwAt, EndianSlice, RunTimeEndian};
use object::{Object, ObjectSection};

use crate::truth::{Origin, Placed, in_order};

type Slice<'d> = EndianSlice<'d, RunTimeEndian>;
type Dwarf<'d> = gimli::Dwarf<Slice<'d>>;
type Unit<'d> = gimli::Unit<Slice<'d>>;
type Entry<'d> = gimli::DebuggingInformationEntry<Slice<'d>>;

/// Crates that every toolchain has under these names.
const TOOLCHAIN: [&str; 9] = [
    "core",
    "alloc",
    "std",
    "proc_macro",
    "test",
    "compiler_builtins",
    "panic_unwind",
    "panic_abort",
    "std_detect",
];

/// What the debug information of a program tells.
pub struct Told {
    /// Functions and the crate in whose namespace they are declared, in order of address.
    pub defined_in: Vec<Placed>,
    /// Name and directory of compilation of each unit.
    pub units: Vec<(String, String)>,
}

/// Reads the debug information of a program.
pub fn read(binary: &Path) -> Told {
    let bytes = std::fs::read(binary).expect("the subject can be read");
    let file = object::File::parse(&*bytes).expect("the subject is an object file");
    let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let contents = |id: gimli::SectionId| {
        let section = file.section_by_name(id.name());
        section.map_or(Ok(Default::default()), |s| s.uncompressed_data()).expect("sections can be read")
    };
    let sections = gimli::DwarfSections::load(|id| Ok::<_, gimli::Error>(contents(id))).expect("sections");
    let dwarf = sections.borrow(|section| EndianSlice::new(section, endian));

    let mut walk = Walk::default();
    let mut units = dwarf.units();
    while let Some(header) = units.next().expect("unit headers are well-formed") {
        let unit = dwarf.unit(header).expect("units are well-formed");
        walk.unit(&dwarf, &unit).expect("entries are well-formed");
    }
    Told { defined_in: walk.functions(), units: walk.units }
}

/// A function declaration.
struct Declared {
    /// The outermost namespace around it.
    root: Option<String>,
    /// The entry it completes or repeats.
    origin: Option<usize>,
    /// Whether a codegen unit of the toolchain has it: all in it is the toolchain's.
    in_toolchain: bool,
    /// The toolchain's private dependency that has its source, if one has.
    private: Option<String>,
}

#[derive(Default)]
struct Walk {
    units: Vec<(String, String)>,
    /// By offset in the section.
    declared: HashMap<usize, Declared>,
    /// Code, and the offset of its entry.
    code: Vec<(std::ops::Range<u64>, usize)>,
}

impl Walk {
    fn unit(&mut self, dwarf: &Dwarf<'_>, unit: &Unit<'_>) -> gimli::Result<()> {
        let text = |value: Option<Slice<'_>>| value.map(|s| s.to_string_lossy().into_owned());
        let (name, folder) = (text(unit.name).unwrap_or_default(), text(unit.comp_dir).unwrap_or_default());
        let in_toolchain =
            [&name, &folder].into_iter().any(|p| p.starts_with("/rustc/") || p.starts_with("/rust/deps/"));
        self.units.push((name, folder));
        let base = unit.header.offset().0;
        let mut private: HashMap<u64, Option<String>> = HashMap::new();
        // The outermost namespace at each depth of the entries around.
        let mut roots: Vec<Option<String>> = Vec::new();
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            let depth = entry.depth().max(0) as usize;
            roots.truncate(depth);
            let mut root = roots.last().cloned().flatten();
            if entry.tag() == gimli::DW_TAG_namespace && root.is_none() {
                let name = entry.attr_value(gimli::DW_AT_name).map(|v| dwarf.attr_string(unit, v));
                root = name.transpose()?.map(|s| s.to_string_lossy().into_owned());
            }
            if entry.tag() == gimli::DW_TAG_subprogram {
                let at = base + entry.offset().0;
                let file = match entry.attr_value(gimli::DW_AT_decl_file) {
                    Some(AttributeValue::FileIndex(file)) => Some(file),
                    _ => None,
                };
                let origin = [gimli::DW_AT_specification, gimli::DW_AT_abstract_origin];
                self.declared.insert(
                    at,
                    Declared {
                        root: root.clone(),
                        in_toolchain,
                        origin: origin.into_iter().find_map(|name| refers_to(entry, name, base)),
                        private: file.and_then(|f| {
                            private.entry(f).or_insert_with(|| private_dependency(dwarf, unit, f)).clone()
                        }),
                    },
                );
                let mut ranges = dwarf.die_ranges(unit, entry)?;
                while let Some(range) = ranges.next()? {
                    // What the linker dropped is at 0 or 1.
                    if range.begin > 1 && range.begin < range.end {
                        self.code.push((range.begin..range.end, at));
                    }
                }
            }
            roots.push(root);
        }
        Ok(())
    }

    /// Functions whose declaration is in a namespace.
    fn functions(&self) -> Vec<Placed> {
        let placed = self.code.iter().filter_map(|(span, at)| {
            Some(Placed { section: ".text".into(), span: span.clone(), origin: self.definer(*at)? })
        });
        in_order(placed.collect())
    }

    fn definer(&self, mut at: usize) -> Option<Origin> {
        let mut private = None;
        let in_toolchain = self.declared.get(&at)?.in_toolchain;
        // Concrete copy, abstract copy, declaration: three steps, and one to spare.
        for _ in 0..4 {
            let declared = self.declared.get(&at)?;
            private = private.or(declared.private.as_deref());
            if let Some(root) = &declared.root {
                let named = TOOLCHAIN.contains(&root.as_str()) || private == Some(root.as_str());
                let toolchain = in_toolchain || named;
                return Some(Origin::Crate { name: root.clone(), toolchain });
            }
            at = declared.origin?;
        }
        None
    }
}

/// Offset in the section of the entry that an attribute refers to.
fn refers_to(entry: &Entry<'_>, name: DwAt, base: usize) -> Option<usize> {
    match entry.attr_value(name)? {
        AttributeValue::UnitRef(offset) => Some(base + offset.0),
        AttributeValue::DebugInfoRef(offset) => Some(offset.0),
        _ => None,
    }
}

/// The crate of a source file below `/rust/deps`, where the toolchain is built from its dependencies.
fn private_dependency(dwarf: &Dwarf<'_>, unit: &Unit<'_>, file: u64) -> Option<String> {
    let header = unit.line_program.as_ref()?.header();
    let directory = header.file(file)?.directory(header)?;
    let directory = dwarf.attr_string(unit, directory).ok()?.to_string_lossy().into_owned();
    let package = directory.split_once("/rust/deps/")?.1.split('/').next()?;
    let (name, version) = package.rsplit_once('-')?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| name.replace('-', "_"))
}
