//! Whether a file with debug information is of a binary.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::format::{Format, Image};

/// Address spaces that are one and the same: of the file apart (ascending), of the binary.
pub(super) type Spaces = Vec<(u32, u32)>;

/// The ids of a file with the address spaces they are of.
pub(super) fn ids<'i>(image: &'i Image<'_>) -> Vec<(u32, &'i str)> {
    match &image.header.build_id {
        Some(id) => vec![(0, id)],
        None => (0..).zip(&image.members).filter_map(|(space, m)| Some((space, m.id.as_deref()?))).collect(),
    }
}

/// The address spaces of a file that no debug information speaks of yet.
pub(super) fn lacking(image: &Image<'_>) -> HashSet<u32> {
    if image.members.len() == 1 {
        return if image.header.debug_info.is_none() { HashSet::from([0]) } else { HashSet::new() };
    }
    let covered: HashSet<usize> =
        image.unit_ranges.iter().filter_map(|range| image.member_at(range.start)).collect();
    (0..).zip(0..image.members.len()).filter(|(_, m)| !covered.contains(m)).map(|(space, _)| space).collect()
}

/// Says whether `debug` describes `image`, and which of its members; each with its bytes.
///
/// An id that both have decides. Without one the checksum does that the binary
/// states with the name of the file. A WebAssembly module keeps its code in the file
/// apart, so that can be compared. Without any of these the word of the user does
/// (`is_given`), if code lies at the same places.
///
/// *Errors*: why not, in words, with both ids.
pub(super) fn check(
    (image, binary): (&Image<'_>, &[u8]),
    (debug, bytes): (&Image<'_>, &[u8]),
    is_given: bool,
) -> Result<Spaces, String> {
    let (own, other) = (&image.header, &debug.header);
    if own.format != other.format {
        return Err(format!("it is {}, not {}", other.format.as_str(), own.format.as_str()));
    }
    let (own_ids, other_ids) = (ids(image), ids(debug));
    let by_id: HashMap<&str, u32> = own_ids.iter().map(|(space, id)| (*id, *space)).collect();
    let same: Spaces = other_ids.iter().filter_map(|(from, id)| Some((*from, *by_id.get(id)?))).collect();
    if !same.is_empty() {
        return Ok(same);
    }
    let list = |ids: &[(u32, &str)]| match ids {
        [] => "none".to_string(),
        _ => ids.iter().map(|(_, id)| *id).collect::<Vec<_>>().join(", "),
    };
    let differs = || format!("its id is {}, and {} is wanted", list(&other_ids), list(&own_ids));
    if !own_ids.is_empty() && !other_ids.is_empty() {
        return Err(differs());
    }
    if own.arch != other.arch || own.bits != other.bits || own.endian != other.endian {
        return Err(format!("it is for {}, not {}", other.arch, own.arch));
    }
    if let Some(stated) = image.elsewhere.link_crc {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        return match crc.sum() {
            sum if sum == stated => Ok(vec![(0, 0)]),
            sum => Err(format!("its checksum is {sum:08x}, and {stated:08x} is wanted")),
        };
    }
    if let Some((theirs, ours)) = same_section(image, debug) {
        let theirs = bytes.get(theirs.start as usize..theirs.end as usize);
        return match theirs.is_some() && theirs == binary.get(ours.start as usize..ours.end as usize) {
            true => Ok(vec![(0, 0)]),
            false => Err("its code is not the same".to_string()),
        };
    }
    if !is_given {
        return Err(differs());
    }
    same_code(image, debug).map(|()| vec![(0, 0)])
}

/// Where the code of a WebAssembly module lies in the file apart, and in the module itself.
///
/// Code has no addresses there. It is in one section, and places in it are the same in both files.
pub(super) fn same_section(image: &Image<'_>, debug: &Image<'_>) -> Option<(Range<u64>, Range<u64>)> {
    let code = |image: &Image<'_>| {
        let mut code = image.sections.iter().filter(|s| s.executable).map(|s| s.span.clone());
        let only = code.next().filter(|_| image.header.format == Format::Wasm);
        only.filter(|_| code.next().is_none())
    };
    let (theirs, ours) = (code(debug)?, code(image)?);
    (theirs.end - theirs.start == ours.end - ours.start).then_some((theirs, ours))
}

/// Whether sections of code have the same addresses and sizes.
fn same_code(image: &Image<'_>, debug: &Image<'_>) -> Result<(), String> {
    let mut compared = 0;
    for theirs in debug.sections.iter().filter(|s| s.executable && s.size > 0) {
        let Some(own) = image.sections.iter().find(|s| s.name == theirs.name) else { continue };
        if (own.address, own.size) != (theirs.address, theirs.size) {
            return Err(format!(
                "it has no id, and its {} is {} bytes at {:#x} instead of {} bytes at {:#x}",
                own.name, theirs.size, theirs.address, own.size, own.address
            ));
        }
        compared += 1;
    }
    if compared == 0 { Err("it has no id and no section of code in common".to_string()) } else { Ok(()) }
}
