//! Object files: what one compilation made is of one crate.

use super::{Found, Run, conclusion, of_object_file};
use crate::attrib::krate::Crates;
use crate::format::Image;
use crate::intern::Names;
use crate::model::{CrateId, Evidence};

/// Gives what nothing names in an object file to the crate that all the rest of it is of.
///
/// *Cost*: linear in the number of runs.
pub(super) fn conclude(
    image: &Image<'_>,
    runs: &mut [Run],
    (crates, names): (&Crates, &Names),
    found: &mut Found,
) {
    let mut only: Vec<Only> = vec![Only::Unknown; image.members.len()];
    let is_object = |run: &Run| {
        let mapping = image.line.mapping_at(run.span.start);
        mapping.filter(|m| image.line.is_position(m)).and_then(|_| image.member_at(run.span.start))
    };
    for run in runs.iter() {
        let Some(owner) = run.owner.filter(of_object_file) else { continue };
        if let Some(slot) = is_object(run).and_then(|i| only.get_mut(i)) {
            *slot = slot.and(owner.instantiated_by);
        }
    }
    for run in runs.iter_mut().filter(|r| r.owner.is_none()) {
        let Some(&Only::Crate(krate)) = is_object(run).and_then(|i| only.get(i)) else { continue };
        let host = crates.host(krate, run.symbol, names);
        let owner = conclusion(host, host, Evidence::Neighbours);
        found.add(run.span.clone(), run.symbol, owner);
        run.owner = Some(owner);
    }
}

/// The crates that an object file is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    /// No evidence yet.
    Unknown,
    /// One.
    Crate(CrateId),
    /// Several: it was linked from others.
    Several,
}

impl Only {
    fn and(self, krate: CrateId) -> Only {
        match self {
            Only::Unknown => Only::Crate(krate),
            Only::Crate(one) if one == krate => self,
            _ => Only::Several,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_crates_in_one_object_file_say_nothing() {
        let of = |crates: &[u32]| crates.iter().fold(Only::Unknown, |only, &c| only.and(CrateId(c)));
        assert_eq!(of(&[]), Only::Unknown);
        assert_eq!(of(&[3, 3]), Only::Crate(CrateId(3)));
        assert_eq!(of(&[3, 4, 3]), Only::Several);
    }
}
