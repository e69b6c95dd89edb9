//! Files apart: debug information that a binary was separated from.
//!
//! Here are the rounds of finding and reading. Whether a file is of the binary is
//! for `identity` to say, and `adopt` adds its facts to those of the binary. What
//! such a file has besides facts on the binary, its own bytes above all, stays out.

mod adopt;
mod database;
mod embedded;
mod identity;
mod shared;
mod split;
mod xz;

use std::path::{Path, PathBuf};

use self::database::Opened;
use crate::error::{Diagnostic, Error};
use crate::format::dwarf::split::Skeletons;
use crate::format::{Detail, Format, Image, dwarf, read_detailed, read_image};
use crate::input::Input;
use crate::input::companion::{self, Finder, Origin, Search, Wants};
use crate::timing;

/// Reads the facts of a file and of the files that belong to it, and hands them on.
///
/// What belongs to it is named by `search`, or lies where such files lie; see
/// [`companion`]. A file that was found and does not fit is left out with a
/// diagnostic.
///
/// *Errors*: as [`read_detailed`]; [`Error::Open`] if a file that `search` names cannot be read,
/// [`Error::Unrelated`] if it does not belong to the binary but must.
pub fn read_with<T>(input: &Input, search: &Search, then: impl FnOnce(&Image<'_>) -> T) -> Result<T, Error> {
    read_detailed_with(input, search, Detail::Plain, then)
}

/// The same in as much detail as is asked for.
///
/// *Errors*: as [`read_with`].
pub fn read_detailed_with<T>(
    input: &Input,
    search: &Search,
    detail: Detail,
    then: impl FnOnce(&Image<'_>) -> T,
) -> Result<T, Error> {
    let (given, folders) = companion::open_given(search)?;
    let image = read_detailed(input, detail)?;
    if given.is_empty() && folders.is_empty() && wants(&image).is_empty() {
        return Ok(then(&image));
    }
    let given = database::open(given, &image, detail);
    let mut desk = Desk {
        binary: input,
        detail,
        done: vec![false; given.len()],
        refused: vec![None; given.len()],
        unfit: Vec::new(),
        skeletons: None,
    };
    let mut finder = Finder::new(input, search, &folders);
    let image = timing::phase("files apart", || desk.offer_given(image, &given));
    let found = database::open(finder.find(&wants(&image)), &image, detail);
    let image = timing::phase("files apart", || desk.offer_found(image, &found));
    // A file that was found may say of others in turn.
    let more = database::open(finder.find(&wants(&image)), &image, detail);
    let image = timing::phase("files apart", || desk.offer_found(image, &more));
    let image = timing::phase("files apart", || desk.offer_given(image, &given));
    let inside = embedded::unpack(&image);
    let mut image = timing::phase("files apart", || desk.offer_embedded(image, &inside));
    if search.must_fit {
        desk.check(&given)?;
        desk.check_folders(&folders, &image)?;
    }
    image.settle_code(detail);
    note_missing(&mut image, detail);
    Ok(then(&image))
}

/// What is still to be looked for.
fn wants(image: &Image<'_>) -> Wants {
    let header = &image.header;
    // An object file is not separated from its debug information.
    let is_linked = !image.line.is_relocatable() && header.format != Format::Archive;
    let lacking = identity::lacking(image);
    let ids = identity::ids(image).into_iter().filter(|(space, _)| lacking.contains(space));
    let ids: Vec<String> = ids.map(|(_, id)| id.to_string()).collect();
    let has_link = header.debug_link.is_some() && header.debug_info.is_none();
    Wants {
        debug: is_linked && (!ids.is_empty() || has_link),
        ids,
        link: header.debug_link.clone(),
        supplement: image
            .elsewhere
            .supplement
            .as_ref()
            .filter(|_| !image.elsewhere.shared_texts.is_empty())
            .map(|s| (s.id.clone(), s.path.clone())),
        split: image.elsewhere.split_units.iter().map(|s| s.path.clone()).collect(),
    }
}

/// Takes files one by one and keeps record of those that the user named.
struct Desk<'i> {
    binary: &'i Input,
    detail: Detail,
    /// By index of the given files: whether it was of use.
    done: Vec<bool>,
    /// By index of the given files: why it was not.
    refused: Vec<Option<String>>,
    /// Files that were found and were of no use, and why.
    unfit: Vec<(PathBuf, String)>,
    /// What the binary has of split units, once that is needed.
    skeletons: Option<Skeletons<'i>>,
}

impl Desk<'_> {
    /// Reads the files that the user named; again as long as one makes another readable.
    fn offer_given<'data>(&mut self, mut image: Image<'data>, given: &'data [Opened]) -> Image<'data> {
        loop {
            let mut has_progress = false;
            for ((file, done), refused) in given.iter().zip(&mut self.done).zip(&mut self.refused) {
                if *done {
                    continue;
                }
                match offer(&mut image, self.binary.bytes(), file, self.detail, &mut self.skeletons) {
                    Ok(()) => (*done, has_progress) = (true, true),
                    Err(why) => *refused = Some(why),
                }
            }
            if !has_progress {
                return image;
            }
        }
    }

    /// Reads files that were found; what does not fit becomes a diagnostic.
    fn offer_found<'data>(&mut self, mut image: Image<'data>, found: &'data [Opened]) -> Image<'data> {
        for file in found {
            if wants(&image).is_empty() {
                break;
            }
            let read = offer(&mut image, self.binary.bytes(), file, self.detail, &mut self.skeletons);
            if let Err(why) = read {
                let path = file.input.path();
                let text = format!("{} is not read: {why}", path.display());
                image.diagnostics.push(Diagnostic::warning("debug-file-unrelated", text));
                self.unfit.push((path.to_path_buf(), why));
            }
        }
        image
    }

    /// Reads the symbols that are part of the binary.
    fn offer_embedded<'data>(
        &mut self,
        mut image: Image<'data>,
        inside: &'data Option<Result<Input, String>>,
    ) -> Image<'data> {
        let read = match inside {
            None => return image,
            Some(Err(why)) => Err(why.clone()),
            Some(Ok(input)) => offer_symbols(&mut image, input),
        };
        if let Err(why) = read {
            let text = format!(".gnu_debugdata is not read: {why}");
            image.diagnostics.push(Diagnostic::warning("embedded-symbols-unread", text));
        }
        image
    }

    /// *Errors*: a file that the user named was of no use.
    fn check(&self, given: &[Opened]) -> Result<(), Error> {
        for ((file, done), refused) in given.iter().zip(&self.done).zip(&self.refused) {
            if !done {
                return Err(Error::Unrelated {
                    path: file.input.path().to_path_buf(),
                    of: self.binary.path().to_path_buf(),
                    why: refused.clone().unwrap_or_default(),
                });
            }
        }
        Ok(())
    }

    /// *Errors*: nothing in a folder that the user named was of use.
    fn check_folders(&self, folders: &[PathBuf], image: &Image<'_>) -> Result<(), Error> {
        for folder in folders {
            let used = |file: &String| Path::new(file).starts_with(folder);
            if !image.elsewhere.files.iter().any(used) {
                let unfit = self.unfit.iter().find(|(file, _)| file.starts_with(folder));
                let why = unfit.map(|(file, why)| match file.strip_prefix(folder) {
                    Ok(inside) => format!("of {} in it, {why}", inside.display()),
                    Err(_) => why.clone(),
                });
                return Err(Error::Unrelated {
                    path: folder.clone(),
                    of: self.binary.path().to_path_buf(),
                    why: why.unwrap_or_else(|| "no file in it fits".to_string()),
                });
            }
        }
        Ok(())
    }
}

/// Diagnostics on how the bytes of a file lie, which is of no interest in a file apart.
const ABOUT_LAYOUT: [&str; 2] = ["loaded-twice", "sections-overlap"];

/// Reads one file and adds what it says of the binary, whose bytes are `binary`.
///
/// *Errors*: it is not of the binary, or cannot be read; in words.
fn offer<'data, 'b>(
    image: &mut Image<'data>,
    binary: &'b [u8],
    file: &'data Opened,
    detail: Detail,
    skeletons: &mut Option<Skeletons<'b>>,
) -> Result<(), String> {
    let name = file.input.path().display().to_string();
    if let Some(database) = &file.database {
        database::read(image, database)?;
        image.elsewhere.files.push(name);
        return Ok(());
    }
    let bytes = file.input.bytes();
    let mut debug = read_detailed(&file.input, detail).map_err(|error| match error {
        Error::Malformed { source, .. } => source.to_string(),
        _ => "it is no file with debug information".to_string(),
    })?;
    let has_split = debug.sections.iter().any(|s| dwarf::split::SplitKind::from_name(&s.name).is_some());
    let is_shared =
        image.elsewhere.supplement.as_ref().is_some_and(|s| debug.header.build_id.as_ref() == Some(&s.id));
    if has_split {
        split::read(image, bytes, binary, skeletons, detail)?;
    } else if is_shared {
        shared::read(image, bytes)?;
    } else {
        let spaces = identity::check((image, binary), (&debug, bytes), file.origin == Origin::Given)?;
        debug.diagnostics.retain(|d| !ABOUT_LAYOUT.contains(&&*d.code));
        for diagnostic in &mut debug.diagnostics {
            diagnostic.message = format!("{name}: {}", diagnostic.message);
            diagnostic.offset = None;
        }
        adopt::all(image, debug, &spaces);
    }
    image.elsewhere.files.push(name);
    Ok(())
}

/// Adds the symbols of a file inside the binary, which has no id and needs none.
fn offer_symbols<'data>(image: &mut Image<'data>, input: &'data Input) -> Result<(), String> {
    let debug = match read_image(input.bytes(), Detail::Plain) {
        Some(Ok(debug)) => debug,
        Some(Err(why)) => return Err(why.to_string()),
        None => return Err("it holds no ELF file".to_string()),
    };
    adopt::all(image, debug, &[(0, 0)]);
    Ok(())
}

/// Says which files would tell more.
fn note_missing(image: &mut Image<'_>, detail: Detail) {
    let wants = wants(image);
    let mut note = |code, text: String| image.diagnostics.push(Diagnostic::note(code, text));
    if let Some(link) = wants.link.filter(|_| wants.debug) {
        note("debug-file-missing", format!("debug information is said to be in {link}, which was not found"));
    }
    if let Some((id, path)) = wants.supplement {
        note(
            "supplement-missing",
            format!("names of units are in {path} (build id {id}), which was not found"),
        );
    }
    if let [first, rest @ ..] = wants.split.as_slice() {
        let text = match rest.len() {
            0 => format!("a unit is in {first}, which was not found"),
            more => format!("{} units are in files apart that were not found, such as {first}", more + 1),
        };
        match detail {
            Detail::Plain | Detail::Lines => note("split-units-missing", text),
            // What was asked for is not all there.
            Detail::Functions | Detail::Code => {
                let text = format!("{text}: what was inlined in their code is not known");
                image.diagnostics.push(Diagnostic::warning("split-units-missing", text));
            }
        }
    }
}
