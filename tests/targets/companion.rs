//! Two files: a binary, and one that is said to hold its debug information.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bloat::attrib::attribute;
use bloat::format::read_with;
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::project::Packages;

/// Two files in one: the length of the first in four bytes, then both.
pub mod pair {
    /// Both files.
    pub fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
        let Some((len, rest)) = bytes.split_first_chunk() else { return (bytes, &[]) };
        let len = u32::from_le_bytes(*len) as usize;
        rest.split_at_checked(len).unwrap_or((rest, &[]))
    }

    /// The opposite.
    pub fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
        let len = u32::try_from(first.len()).expect("a small file");
        [&len.to_le_bytes(), first, second].concat()
    }
}

thread_local! {
    /// A file for each thread and no other, written again for each run.
    static PLACE: PathBuf = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        folder.join(format!("bloat-companion-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed)))
    };
}

/// Facts of the second file never break the sums of the first, whether it is found to fit or not.
pub fn run(bytes: &[u8]) {
    let (binary, debug) = pair::split(bytes);
    let place = PLACE.with(PathBuf::clone);
    std::fs::write(&place, debug).expect("a folder for temporary files");
    let input = Input::from_bytes("fuzzed", binary.to_vec());
    let search = Search { given: vec![place.clone()], must_fit: false, ..Search::nowhere() };
    let _ = read_with(&input, &search, |image| {
        super::readers::check(image, binary.len() as u64);
        let model = attribute(&input, image, &Packages::default());
        super::analysis::sums(&model, binary.len() as u64);
    });
    std::fs::remove_file(&place).expect("it was there");
}
