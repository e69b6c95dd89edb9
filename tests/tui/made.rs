//! Models that no file was read for, of any size and with any names.

#![allow(dead_code, reason = "the benchmark uses its own part")]

use bloat::Names;
use bloat::kind::Kind;
use bloat::model::{
    CrateId, CrateRow, Evidence, Facts, FrameId, Leaf, Leaves, LineId, Mapping, Model, Owner, OwnerId,
    SectionId, SectionRow, SegmentId, SegmentRow, Source, SymbolId, SymbolRow, SymbolSort, UnitId, UnitRow,
};

/// Crates that symbols are dealt out to, a hundred at a time.
pub const CRATES: usize = 200;

/// A file of `count` functions, each a leaf of 16 bytes and up, named by `name`.
pub fn model(count: usize, name: impl Fn(usize) -> String) -> Model {
    let mut names = Names::default();
    let text = names.intern(".text");
    let segment = names.intern("LOAD #1 R-X");
    let empty = bloat::NameId::NONE;
    let crates: Vec<CrateRow> = (0..CRATES)
        .map(|i| {
            let name = names.intern(&format!("crate_{i}"));
            CrateRow {
                name,
                shown: name,
                version: empty,
                root: empty,
                package: empty,
                source: Some(Source::Registry),
                stable_id: None,
                label: name,
            }
        })
        .collect();
    let units: Vec<UnitRow> = (0..CRATES)
        .map(|i| UnitRow { name: names.intern(&format!("unit_{i}.cgu.0")), comp_dir: empty, language: 0x1c })
        .collect();
    let owners: Vec<Owner> = (0..CRATES)
        .map(|i| Owner {
            krate: CrateId::new(i),
            defined_in: CrateId::new(i),
            instantiated_by: CrateId::new(i),
            evidence: Evidence::Unit,
            defined_evidence: Evidence::Unit,
            instantiated_evidence: Evidence::Unit,
        })
        .collect();
    let size = |i: usize| 16 + (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) % 500;
    let total: u64 = (0..count).map(size).sum();
    let mut leaves = Leaves::new(vec![Mapping { pos: 0, len: total, address: 0x1000 }]);
    let mut symbols = Vec::new();
    let mut at = 0;
    for i in 0..count {
        let group = i / 100 % CRATES;
        symbols.push(SymbolRow {
            name: names.push(&name(i)),
            prefix: 0,
            address: Some(0x1000 + at),
            size: size(i),
            sort: SymbolSort::Function,
            alias_of: SymbolId::new(i),
        });
        leaves.push(Leaf {
            start: at,
            len: size(i),
            kind: Kind::Code,
            segment: SegmentId::new(0),
            section: SectionId::new(0),
            symbol: SymbolId::new(i),
            unit: UnitId::new(group),
            owner: OwnerId::new(group),
            estimated: false,
            home: true,
            frame: FrameId::NONE,
            line: LineId::NONE,
            in_file: true,
            in_memory: true,
        });
        at += size(i);
    }
    let facts = Facts {
        path: "made".to_string(),
        format: "elf".into(),
        file_type: "executable".into(),
        arch: "x86_64".to_string(),
        bits: 64,
        endian: "little".into(),
        file_size: total,
        memory_size: total,
        build_id: None,
        stripped: false,
        debug_info: None,
        debug_files: Vec::new(),
        needed: Vec::new(),
        toolchain: Vec::new(),
        has_rust: true,
        stripped_size: None,
        build: Default::default(),
    };
    let model = Model {
        facts,
        leaves,
        members: Vec::new(),
        segments: vec![SegmentRow {
            name: segment,
            address: 0x1000,
            physical: None,
            writable: false,
            file_size: total,
            memory_size: total,
        }],
        sections: vec![SectionRow { name: text, kind: Kind::Code, size: total, address: Some(0x1000) }],
        symbols,
        units,
        crates,
        owners,
        names,
        diagnostics: Vec::new(),
        code: None,
    };
    model.check().expect("leaves cover the line");
    model
}
