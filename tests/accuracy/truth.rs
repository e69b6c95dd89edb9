//! What is known of bytes from others than `bloat`.

use std::ops::Range;

/// Where a run of bytes came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Output section.
    pub section: String,
    /// Addresses.
    pub span: Range<u64>,
    /// The crate.
    pub origin: Origin,
}

/// Whose something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A crate, and whether it is the toolchain's.
    Crate { name: String, toolchain: bool },
    /// Start files, the C library, or the linker itself: no crate.
    Other,
}

impl Origin {
    pub fn is_toolchain(&self) -> bool {
        matches!(self, Origin::Crate { toolchain: true, .. })
    }
}

/// The owner by its definition: the definer, unless that is the toolchain's; then the instantiator.
///
/// Bytes of which either is unknown are left out. Both lists are in order of address.
pub fn owners(defined_in: &[Placed], instantiated_by: &[Placed]) -> Vec<Placed> {
    let mut owners = Vec::new();
    for defined in defined_in {
        let Range { start, end } = defined.span;
        let first = instantiated_by.partition_point(|p| p.span.end <= start);
        for by in instantiated_by[first..].iter().take_while(|p| p.span.start < end) {
            // Object files of the toolchain hold nothing but the toolchain.
            let of_toolchain = defined.origin.is_toolchain() || by.origin.is_toolchain();
            let origin = if of_toolchain { &by.origin } else { &defined.origin };
            owners.push(Placed {
                section: by.section.clone(),
                span: by.span.start.max(start)..by.span.end.min(end),
                origin: origin.clone(),
            });
        }
    }
    owners
}

/// In order of address, without bytes that two runs claim: these have no single truth.
pub fn in_order(mut all: Vec<Placed>) -> Vec<Placed> {
    all.sort_by_key(|p| (p.span.start, p.span.end));
    let mut disjoint: Vec<Placed> = Vec::with_capacity(all.len());
    for placed in all {
        match disjoint.last_mut() {
            Some(last) if placed.span.start < last.span.end => {
                if last.origin != placed.origin {
                    last.origin = Origin::Other;
                }
                last.span.end = last.span.end.max(placed.span.end);
            }
            _ => disjoint.push(placed),
        }
    }
    disjoint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(span: Range<u64>, name: &str, toolchain: bool) -> Placed {
        let origin = Origin::Crate { name: name.into(), toolchain };
        Placed { section: ".text".into(), span, origin }
    }

    #[test]
    fn generics_of_the_toolchain_are_owned_by_who_instantiates_them() {
        let defined = [placed(0..10, "alloc", true), placed(10..20, "serde", false)];
        let by = [placed(0..5, "app", false), placed(5..30, "other", false)];
        let owners = owners(&defined, &by);
        let expected =
            [placed(0..5, "app", false), placed(5..10, "other", false), placed(10..20, "serde", false)];
        assert_eq!(owners, expected);
    }

    #[test]
    fn what_two_claim_has_no_truth() {
        let all = vec![placed(8..12, "b", false), placed(0..4, "a", false), placed(8..12, "c", false)];
        let ordered = in_order(all);
        assert_eq!(ordered.len(), 2);
        assert_eq!((ordered[0].span.clone(), &ordered[1].origin), (0..4, &Origin::Other));
    }
}
