//! The tables that load commands point at: what they are called and what their bytes are for.

use crate::kind::Kind;

/// A table outside sections: most lie in the segment `__LINKEDIT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Symbols,
    Strings,
    IndirectSymbols,
    Contents,
    Modules,
    ExternalReferences,
    ExternalRelocations,
    LocalRelocations,
    TwoLevelHints,
    Rebase,
    Bind,
    WeakBind,
    LazyBind,
    Exports,
    ChainedFixups,
    FunctionStarts,
    DataInCode,
    CodeSignature,
    CodeSigningRequirements,
    SplitInfo,
    OptimizationHints,
    AtomInfo,
    FunctionVariants,
    FunctionVariantFixups,
    Note,
}

impl Table {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Table::Symbols => "symbol table",
            Table::Strings => "string table",
            Table::IndirectSymbols => "indirect symbols",
            Table::Contents => "table of contents",
            Table::Modules => "module table",
            Table::ExternalReferences => "external references",
            Table::ExternalRelocations => "external relocations",
            Table::LocalRelocations => "local relocations",
            Table::TwoLevelHints => "two-level hints",
            Table::Rebase => "rebase opcodes",
            Table::Bind => "bind opcodes",
            Table::WeakBind => "weak bind opcodes",
            Table::LazyBind => "lazy bind opcodes",
            Table::Exports => "exports trie",
            Table::ChainedFixups => "chained fixups",
            Table::FunctionStarts => "function starts",
            Table::DataInCode => "data in code",
            Table::CodeSignature => "code signature",
            Table::CodeSigningRequirements => "code signing requirements",
            Table::SplitInfo => "segment split info",
            Table::OptimizationHints => "linker optimization hints",
            Table::AtomInfo => "atom info",
            Table::FunctionVariants => "function variants",
            Table::FunctionVariantFixups => "function variant fixups",
            Table::Note => "note",
        }
    }

    /// What its bytes are for.
    pub fn kind(self) -> Kind {
        match self {
            Table::Symbols | Table::Strings => Kind::Symbols,
            Table::IndirectSymbols
            | Table::Contents
            | Table::Modules
            | Table::ExternalReferences
            | Table::TwoLevelHints
            | Table::Exports
            | Table::FunctionVariants => Kind::Dynamic,
            Table::ExternalRelocations
            | Table::LocalRelocations
            | Table::Rebase
            | Table::Bind
            | Table::WeakBind
            | Table::LazyBind
            | Table::ChainedFixups
            | Table::FunctionVariantFixups => Kind::Relocations,
            Table::FunctionStarts
            | Table::DataInCode
            | Table::CodeSignature
            | Table::CodeSigningRequirements
            | Table::SplitInfo
            | Table::OptimizationHints
            | Table::AtomInfo
            | Table::Note => Kind::Metadata,
        }
    }
}
