//! Which sections hold DWARF, handed to its reader: those of the segment `__DWARF` in
//! object files and debug companions. Linked files have none.

use super::context::Context;
use super::relocations::Applied;
use crate::error::Diagnostic;
use crate::format::dwarf::{self, DebugKind, DebugSection, DwarfFacts};
use crate::format::once::Once;
use crate::format::trouble::Trouble;
use crate::format::{Detail, code_spans};

/// Which debug section a section is. Names are cut to sixteen bytes: `__debug_str_offs`.
fn kind_of(name: &str) -> Option<DebugKind> {
    let (segment, name) = name.split_once(',')?;
    let rest = name.strip_prefix("__debug_").filter(|_| segment == "__DWARF")?;
    let rest = match rest {
        "str_offs" => "str_offsets",
        "gnu_pubn" => "gnu_pubnames",
        "gnu_pubt" => "gnu_pubtypes",
        whole => whole,
    };
    DebugKind::from_name(format!(".debug_{rest}").as_bytes())
}

/// Reads the units of a file.
pub(super) fn read<'data>(
    context: &Context<'_, 'data>,
    applied: &Applied,
    detail: Detail,
    diagnostics: &mut Vec<Diagnostic>,
) -> DwarfFacts<'data> {
    let mut list: Vec<DebugSection<'data, '_>> = Vec::new();
    let mut once = Once::of(context.file.len() as usize);
    let mut trouble = Trouble::default();
    for (index, section) in context.sections.iter().enumerate() {
        if section.span.is_empty() || section.loaded {
            continue;
        }
        if section.name.starts_with("__DWARF,__zdebug_") {
            let text = format!("section {} is compressed in an old way and not read", section.name);
            let bytes = section.span.end - section.span.start;
            let at = section.span.start;
            diagnostics.push(Diagnostic::warning("debug-section-unread", text).at(at).bytes(bytes));
        }
        let Some(kind) = kind_of(&section.name) else { continue };
        let bytes = context.file.bytes(&section.span);
        if !once.may_read_section(bytes, section, &mut trouble) {
            continue;
        }
        list.push(DebugSection {
            kind,
            index: index as u32,
            bytes,
            fixups: applied.of(index),
            file_offset: Some(section.span.start),
        });
    }
    diagnostics.extend(trouble.into_diagnostics());
    let code = code_spans(context.sections);
    let mut facts = dwarf::read(&list, context.line, &code, context.file.endian, detail);
    diagnostics.append(&mut facts.diagnostics);
    facts
}
