//! What custom sections say of the module as a whole.

use super::sections::{Found, name};
use super::{Module, Reader};
use crate::error::Diagnostic;
use crate::format::packages;

/// What the module says of itself.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub toolchain: Vec<String>,
    pub needed: Vec<String>,
    pub build_id: Option<String>,
    pub debug_link: Option<String>,
    pub packages: Option<Vec<u8>>,
    /// Whether the module is linked with others when it is loaded.
    pub is_shared: bool,
}

/// Longest text worth keeping.
const LONGEST: usize = 4096;
/// Most texts of one kind worth keeping.
const MOST: usize = 256;

pub(super) fn read(module: &Module<'_>, diagnostics: &mut Vec<Diagnostic>) -> Metadata {
    let mut told = Metadata::default();
    let mut has_packages = false;
    for section in module.sections.iter().filter(|s| s.id == 0) {
        let c = module.reader(section);
        match section.name {
            // A list cut off still tells what comes before.
            b"producers" => drop(producers(c, &mut told.toolchain)),
            b"dylink.0" => {
                told.is_shared = true;
                needed(c, &mut told.needed);
            }
            // The form before that, in which the libraries follow the sizes.
            b"dylink" => told.is_shared = true,
            b"build_id" => told.build_id = build_id(c),
            b"external_debug_info" => told.debug_link = text(c),
            // A list may be small and large once decompressed: one is read.
            b".dep-v0" if !std::mem::replace(&mut has_packages, true) => {
                let bytes = module.slice(&section.contents);
                told.packages = packages::inflate(bytes, &section.contents, diagnostics);
            }
            _ => {}
        }
    }
    told
}

/// Producers of a component: the same section at its top level.
pub(super) fn toolchain(bytes: &[u8], section: &Found<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(c) =
        super::reader(bytes, section.contents.clone()).filter(|_| section.is_custom(b"producers"))
    {
        let _ = producers(c, &mut told);
    }
    told
}

fn short(text: &[u8]) -> String {
    String::from_utf8_lossy(text.get(..LONGEST).unwrap_or(text)).into_owned()
}

fn text(mut c: Reader<'_>) -> Option<String> {
    name(&mut c).filter(|text| !text.is_empty()).map(short)
}

fn build_id(mut c: Reader<'_>) -> Option<String> {
    let id = name(&mut c).filter(|id| !id.is_empty() && id.len() <= 64)?;
    Some(id.iter().map(|b| format!("{b:02x}")).collect())
}

/// Compilers and tools with their versions; the languages say less and are left out.
fn producers(mut c: Reader<'_>, all: &mut Vec<String>) -> Option<()> {
    for _ in 0..c.uleb()? {
        let field = name(&mut c)?;
        for _ in 0..c.uleb()? {
            let (tool, version) = (name(&mut c)?, name(&mut c)?);
            let text = format!("{} {}", short(tool), short(version));
            let text = text.trim_end().to_string();
            if field != b"language" && all.len() < MOST && !all.contains(&text) {
                all.push(text);
            }
        }
    }
    Some(())
}

/// The libraries that a shared module names.
fn needed(mut c: Reader<'_>, all: &mut Vec<String>) -> Option<()> {
    const NEEDED: u8 = 2;
    while let Some(id) = c.u8() {
        let len = c.uleb()?;
        let inner = c;
        c.skip(len)?;
        if id != NEEDED {
            continue;
        }
        let mut inner = inner.until(c.at());
        for _ in 0..inner.uleb()? {
            let library = name(&mut inner)?;
            if all.len() < MOST {
                all.push(short(library));
            }
        }
    }
    Some(())
}
