//! Names compilers invent for constants that have none in the source.

/// What kind of made-up constant a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant<'a> {
    /// `anon.HASH.N` or `.Lanon.HASH.N`: number `index` of one codegen unit's
    /// unnamed constants; the hash is the same for all constants of the unit.
    Anonymous {
        /// The unit's hash, 32 hexadecimal digits.
        unit: &'a str,
        /// Which constant of the unit.
        index: u64,
    },
    /// `alloc_HASH`: a constant named after its own content.
    Content {
        /// The content's hash, 32 hexadecimal digits.
        hash: &'a str,
    },
    /// `switch.table.F`: values a `match` in function `F` turned into a table.
    SwitchTable {
        /// The mangled name of the function.
        function: &'a str,
    },
    /// `vtable.N`: the table of a trait object.
    VTable,
    /// `str.N` or `.L.str.N`: the bytes of a text.
    Text,
    /// `GCC_except_tableN`: one function's landing pads.
    ExceptionTable,
    /// `.LCPI1_0`: numbers an instruction loads from memory.
    Pool,
    /// `.LJTI1_0`: the targets of an indirect jump.
    JumpTable,
    /// `__rustc_debug_gdb_scripts_section__`: the note that names the pretty
    /// printers for a debugger.
    DebuggerScripts,
    /// `__unnamed_N`: any other constant LLVM had to name.
    Unnamed,
}

/// Tells a made-up constant by its name; `None` for names from the source.
pub fn constant(name: &str) -> Option<Constant<'_>> {
    let text = super::Suffixes::of(name).base;
    let text = text.strip_prefix(".L").unwrap_or(text);
    if let Some(function) = text.strip_prefix("switch.table.") {
        let function = without_copy_number(super::Suffixes::of(function).base);
        return (!function.is_empty()).then_some(Constant::SwitchTable { function });
    }
    if let Some(rest) = text.strip_prefix("anon.") {
        let (unit, index) = rest.split_once('.')?;
        let index = index.parse().ok()?;
        return is_hash(unit).then_some(Constant::Anonymous { unit, index });
    }
    if let Some(hash) = text.strip_prefix("alloc_") {
        return is_hash(hash).then_some(Constant::Content { hash });
    }
    if text.starts_with("__rustc_debug_gdb_scripts_section__") {
        return Some(Constant::DebuggerScripts);
    }
    let kinds = [
        ("vtable.", Constant::VTable),
        ("str.", Constant::Text),
        (".str.", Constant::Text),
        ("GCC_except_table", Constant::ExceptionTable),
        ("CPI", Constant::Pool),
        ("JTI", Constant::JumpTable),
        ("__unnamed_", Constant::Unnamed),
    ];
    if text == ".str" {
        return Some(Constant::Text);
    }
    kinds.into_iter().find_map(|(prefix, kind)| {
        let number = text.strip_prefix(prefix)?;
        let pool = matches!(kind, Constant::Pool | Constant::JumpTable);
        let good = !number.is_empty()
            && (!pool || number.contains('_'))
            && number.bytes().all(|b| b.is_ascii_digit() || (pool && b == b'_'));
        good.then_some(kind)
    })
}

/// A second table of one function gets a number: `switch.table.f.12`.
fn without_copy_number(function: &str) -> &str {
    match function.rsplit_once('.') {
        Some((head, number)) if number.parse::<u64>().is_ok() => head,
        _ => function,
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_are_known() {
        let hash = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let anonymous = Constant::Anonymous { unit: hash, index: 7 };
        let cases = [
            (format!("anon.{hash}.7"), anonymous),
            (format!("anon.{hash}.7.llvm.123"), anonymous),
            (format!(".Lanon.{hash}.7"), anonymous),
            (format!("alloc_{hash}"), Constant::Content { hash }),
            (format!(".Lalloc_{hash}"), Constant::Content { hash }),
            ("vtable.3".into(), Constant::VTable),
            ("str.0".into(), Constant::Text),
            (".L.str.9".into(), Constant::Text),
            (".L.str".into(), Constant::Text),
            ("GCC_except_table12".into(), Constant::ExceptionTable),
            (".LCPI12_3".into(), Constant::Pool),
            (".LJTI0_0".into(), Constant::JumpTable),
            ("__rustc_debug_gdb_scripts_section__".into(), Constant::DebuggerScripts),
            ("switch.table._RNvC1a1b".into(), Constant::SwitchTable { function: "_RNvC1a1b" }),
            (".Lswitch.table._RNvC1a1b.1051".into(), Constant::SwitchTable { function: "_RNvC1a1b" }),
            ("switch.table.f.12".into(), Constant::SwitchTable { function: "f" }),
            ("switch.table.f.llvm.5".into(), Constant::SwitchTable { function: "f" }),
        ];
        for (name, want) in &cases {
            assert_eq!(constant(name), Some(*want), "{name}");
        }
    }

    #[test]
    fn names_from_the_source_are_not_constants() {
        for name in [
            "main",
            "anon",
            "anon.1.2",
            "alloc_pages",
            "str.len",
            "vtable.",
            "CPI1",
            "switch.table.",
            "JTIx",
            "_RNvC1a1b",
            "",
        ] {
            assert_eq!(constant(name), None, "{name}");
        }
    }
}
