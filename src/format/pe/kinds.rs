//! What sections are for, by their names and flags.

use object::pe;

use super::headers::SectionHeader;
use crate::kind::Kind;

/// The kind of bytes a section holds: by name where names are settled, else by its flags.
///
/// A section of an object file can have a group behind its name (`.text$mn`); the linker
/// drops it.
pub(super) fn of_section(name: &str, header: &SectionHeader) -> Kind {
    let base = name.split('$').next().unwrap_or(name);
    let by_name = match base {
        ".pdata" | ".xdata" | ".eh_frame" | ".eh_fram" | ".gcc_except_table" | ".gcc_exc" => {
            Some(Kind::Unwind)
        }
        ".reloc" => Some(Kind::Relocations),
        ".idata" | ".edata" | ".didat" | ".gfids" | ".giats" | ".gljmp" | ".gehcont" | ".sxdata" => {
            Some(Kind::Dynamic)
        }
        ".drectve" | ".llvm_addrsig" | ".llvm.call-graph-profile" | ".buildid" | ".gnu_debuglink" => {
            Some(Kind::Metadata)
        }
        ".dep-v0" | ".rust-deps-v0" | ".comment" | ".voltbl" | ".chks64" => Some(Kind::Metadata),
        ".symtab" => Some(Kind::Symbols),
        _ if base.starts_with(".debug") || base.starts_with(".zdebug") => Some(Kind::Debug),
        ".rustc" | ".rmeta" => Some(Kind::Metadata),
        _ => None,
    };
    if let Some(kind) = by_name {
        return kind;
    }
    if header.has(pe::IMAGE_SCN_LNK_INFO) || header.has(pe::IMAGE_SCN_LNK_REMOVE) {
        return Kind::Metadata;
    }
    if header.has(pe::IMAGE_SCN_CNT_CODE) || header.has(pe::IMAGE_SCN_MEM_EXECUTE) {
        return Kind::Code;
    }
    let has_data = header.has(pe::IMAGE_SCN_CNT_INITIALIZED_DATA);
    if header.has(pe::IMAGE_SCN_CNT_UNINITIALIZED_DATA) && !has_data {
        return Kind::Bss;
    }
    if header.has(pe::IMAGE_SCN_MEM_WRITE) { Kind::Data } else { Kind::Rodata }
}
