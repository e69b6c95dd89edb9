//! Snapshots: what is read at all sums, and is what it says once written again.

use bloat::hash::Hash;
use bloat::input::Input;
use bloat::model::view::Dim;
use bloat::model::view::{View, tree};
use bloat::snapshot::{self, Snapshot};

/// Where the checksum is, and what it is of begins.
const CHECKSUM: std::ops::Range<usize> = 12..20;

fn read(bytes: Vec<u8>) -> Option<Snapshot> {
    snapshot::read(&Input::from_bytes("app.parquet", bytes)).ok()
}

/// Bytes whose checksum is made right first: who makes a snapshot up does that too.
pub fn run(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    if let Some(rest) = bytes.get(CHECKSUM.end..) {
        let hash = Hash::of(rest).to_le_bytes();
        bytes[CHECKSUM].copy_from_slice(&hash);
    }
    let Some(first) = read(bytes) else { return };
    let model = &first.model;
    super::analysis::sums(model, model.facts.file_size);
    let again = snapshot::save(model, &first.contents).expect("a model that was read can be written");
    let second = read(again).expect("what was written can be read");
    assert_eq!(second.model.total(), model.total());
    for dim in Dim::ALL {
        let groups = |model| tree(model, &View { dims: vec![dim], ..View::default() }).roots.len();
        assert_eq!(groups(model), groups(&second.model), "{dim:?}");
    }
}
