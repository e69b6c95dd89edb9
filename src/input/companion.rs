//! Files that hold more about a binary: where they are looked for, and how they are opened.
//!
//! The only place that opens files nobody named. A binary is not trusted: of a path
//! that it states only the file name counts, and it is looked for in the places
//! below and nowhere else. What the user names is opened as it is. Knows no format:
//! whether a file is the right one is for the readers to say.
//!
//! For a binary `DIR/APP`, in this order:
//!
//! | what | places |
//! |---|---|
//! | debug information by id `xxyyyy` | `GLOBAL/.build-id/xx/yyyy.debug` |
//! | by the name `NAME` the binary states | `DIR/NAME`, `DIR/.debug/NAME`, `GLOBAL/DIR/NAME` |
//! | by convention | `DIR/APP.debug`, `DIR/APP.dSYM/Contents/Resources/DWARF/*`, `DIR/APP.pdb` (without `.exe` or the like) |
//! | supplement of id `xxyyyy`, name `NAME` | `GLOBAL/.build-id/xx/yyyy.debug`, `DIR/NAME`, `DIR/.dwz/NAME`, `GLOBAL/.dwz/NAME`, and the stated path if it leads into `GLOBAL` |
//! | package of split units | `DIR/APP.dwp`, `DIR/NAME.dwp` |
//! | split units, without a package | `DIR/NAME`, `DIR/deps/NAME` |
//!
//! `GLOBAL` is a folder of debug information for the whole system, `/usr/lib/debug`.
//! Folders that the user names are looked into first, as if they were both `DIR`
//! and `GLOBAL`.

use std::collections::HashSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Input;
use crate::error::Error;
use crate::order::Arrange;

/// Where to look for what belongs to a binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Files, and folders with files, that the user names.
    pub given: Vec<PathBuf>,
    /// Whether each of these must belong to the binary.
    pub must_fit: bool,
    /// Whether to look beside the binary and in the folders of the system.
    pub beside: bool,
    /// Folders with debug information of all programs of the system.
    pub system: Vec<PathBuf>,
}

impl Default for Search {
    /// Beside the binary and in `/usr/lib/debug`.
    fn default() -> Search {
        let system = vec![PathBuf::from("/usr/lib/debug")];
        Search { given: Vec::new(), must_fit: true, beside: true, system }
    }
}

impl Search {
    /// Looks nowhere.
    pub fn nowhere() -> Search {
        Search { beside: false, system: Vec::new(), ..Search::default() }
    }
}

/// What a binary says of the files that hold more about it. Paths are as it states them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// What a file with its debug information has in common with it, in lower-case hexadecimal;
    /// several for a binary of several members.
    pub ids: Vec<String>,
    /// Whether debug information is to be looked for.
    pub debug: bool,
    /// Name of the file with its debug information.
    pub link: Option<String>,
    /// Id and name of the file with strings that several files share.
    pub supplement: Option<(String, String)>,
    /// Names of the files with units that were split off.
    pub split: Vec<String>,
}

impl Wants {
    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        !self.debug && self.supplement.is_none() && self.split.is_empty()
    }
}

/// Who says that a file belongs to the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user named the file itself: that it does not fit is an error.
    Given,
    /// It lies where such a file may lie.
    Found,
    /// It is part of the binary.
    Embedded,
}

/// A file that may hold more about the binary.
#[derive(Debug)]
pub struct Companion {
    /// Its bytes.
    pub input: Input,
    /// Who says so.
    pub origin: Origin,
}

/// The most files with split units that are opened for one binary.
const SPLIT_LIMIT: usize = 16 * 1024;

/// The most files of one folder that are tried where the name of the file is not known.
const BUNDLE_LIMIT: usize = 16;

/// Opens what the user names; what is a folder is kept to be looked into.
///
/// *Errors*: [`Error::Open`] if a path leads nowhere, or to what is neither a regular file nor a folder.
pub fn open_given(search: &Search) -> Result<(Vec<Companion>, Vec<PathBuf>), Error> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for path in &search.given {
        let fail = |source: io::Error| Error::Open { path: path.clone(), source };
        if std::fs::metadata(path).map_err(fail)?.is_dir() {
            folders.push(path.clone());
        } else {
            let input = Input::open_regular(path)?;
            files.push(Companion { input, origin: Origin::Given });
        }
    }
    Ok((files, folders))
}

/// A folder to look into, and the folders of the system that go with it.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    system: Vec<PathBuf>,
    is_given: bool,
}

/// Looks for the files of one binary, and opens each once.
#[derive(Debug)]
pub struct Finder {
    places: Vec<Place>,
    /// The binary's own name.
    name: String,
    /// Where it really lies, symbolic links resolved, below the root.
    real_folder: Option<PathBuf>,
    opened: HashSet<PathBuf>,
    files: Vec<Companion>,
}

impl Finder {
    /// Prepares to look for the files of `binary`; `folders` are those that the user named.
    pub fn new(binary: &Input, search: &Search, folders: &[PathBuf]) -> Finder {
        let own = binary.file();
        let given =
            |folder: &PathBuf| Place { folder: folder.clone(), system: vec![folder.clone()], is_given: true };
        let mut places: Vec<Place> = folders.iter().map(given).collect();
        if let Some(path) = own.filter(|_| search.beside) {
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            places.push(Place { folder, system: search.system.clone(), is_given: false });
        }
        // As for debuggers, where the binary really lies counts in the folders of the system.
        let real_path = own.map(real);
        let folder = real_path.as_deref().and_then(Path::parent);
        Finder {
            places,
            name: own.and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            real_folder: folder.and_then(|f| f.strip_prefix("/").ok()).map(Path::to_path_buf),
            opened: real_path.into_iter().collect(),
            files: Vec::new(),
        }
    }

    /// Opens the files that there are among those that `wants` may mean, and that were not opened before.
    ///
    /// What cannot be opened counts as not there.
    ///
    /// *Cost*: a look-up for each place.
    pub fn find(&mut self, wants: &Wants) -> Vec<Companion> {
        let places = std::mem::take(&mut self.places);
        for place in &places {
            if wants.debug {
                self.debug(place, wants);
            }
            if let Some((id, stated)) = &wants.supplement {
                self.supplement(place, id, stated);
            }
            if !wants.split.is_empty() {
                self.split(place, wants);
            }
        }
        self.places = places;
        std::mem::take(&mut self.files)
    }

    /// Opens a file if there is one; says whether there is.
    fn try_open(&mut self, path: PathBuf) -> bool {
        if !std::fs::metadata(&path).is_ok_and(|meta| meta.is_file()) {
            return false;
        }
        if !self.opened.insert(real(&path)) {
            return true;
        }
        let Ok(input) = Input::open_regular(&path) else { return false };
        self.files.push(Companion { input, origin: Origin::Found });
        true
    }

    fn by_id(&mut self, place: &Place, id: &str) {
        // Two digits name the folder; an id of nothing but them names no file.
        if let Some((head, rest)) = id.split_at_checked(2)
            && !rest.is_empty()
            && id.bytes().all(|b| b.is_ascii_hexdigit())
        {
            for system in &place.system {
                self.try_open(system.join(".build-id").join(head).join(format!("{rest}.debug")));
            }
        }
    }

    fn debug(&mut self, place: &Place, wants: &Wants) {
        for id in &wants.ids {
            self.by_id(place, id);
        }
        if let Some(link) = wants.link.as_deref().and_then(file_name) {
            self.try_open(place.folder.join(link));
            self.try_open(place.folder.join(".debug").join(link));
            for system in &place.system {
                if let Some(below) = self.real_folder.clone() {
                    self.try_open(system.join(below).join(link));
                }
            }
        }
        if place.is_given {
            self.bundle(&place.folder);
        }
        // Without an id nothing would tell whether a file is the right one.
        let name = self.name.clone();
        if name.is_empty() || wants.ids.is_empty() {
            return;
        }
        self.try_open(place.folder.join(format!("{name}.debug")));
        self.bundle(&place.folder.join(format!("{name}.dSYM")));
        self.try_open(place.folder.join(Path::new(&name).with_extension("pdb")));
    }

    /// Opens the files of a dSYM bundle: their names need not be the bundle's.
    fn bundle(&mut self, bundle: &Path) {
        let Ok(entries) = std::fs::read_dir(bundle.join("Contents/Resources/DWARF")) else { return };
        let mut files: Vec<PathBuf> = entries.take(BUNDLE_LIMIT).flatten().map(|e| e.path()).collect();
        files.arrange();
        for file in files {
            self.try_open(file);
        }
    }

    fn supplement(&mut self, place: &Place, id: &str, stated: &str) {
        self.by_id(place, id);
        for system in &place.system {
            let path = Path::new(stated);
            let is_plain = path.components().all(|c| !matches!(c, Component::ParentDir | Component::CurDir));
            if is_plain && path.is_absolute() && path.starts_with(system) {
                self.try_open(path.to_path_buf());
            }
        }
        let Some(name) = file_name(stated) else { return };
        self.try_open(place.folder.join(name));
        self.try_open(place.folder.join(".dwz").join(name));
        for system in &place.system {
            self.try_open(system.join(".dwz").join(name));
        }
    }

    fn split(&mut self, place: &Place, wants: &Wants) {
        let link = wants.link.as_deref().and_then(file_name).map(str::to_string);
        let packages = [Some(self.name.clone()).filter(|n| !n.is_empty()), link];
        let mut has_package = false;
        for package in packages.into_iter().flatten() {
            has_package |= self.try_open(place.folder.join(format!("{package}.dwp")));
        }
        if has_package {
            return;
        }
        for name in wants.split.iter().filter_map(|stated| file_name(stated)).take(SPLIT_LIMIT) {
            // Cargo leaves them where it links programs, and puts those a folder higher.
            let _ =
                self.try_open(place.folder.join(name)) || self.try_open(place.folder.join("deps").join(name));
        }
    }
}

/// The name of the file that a path from a binary means, with the separators of any system.
fn file_name(stated: &str) -> Option<&str> {
    let name = stated.rsplit(['/', '\\']).next()?;
    (!matches!(name, "" | "." | "..") && !name.contains('\0')).then_some(name)
}

/// What is the same for all paths that lead to one file.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_stated_path_counts() {
        assert_eq!(file_name("../../etc/passwd"), Some("passwd"));
        assert_eq!(file_name("/etc/passwd"), Some("passwd"));
        assert_eq!(file_name(r"C:\build\app.pdb"), Some("app.pdb"));
        assert_eq!(file_name(".."), None);
        assert_eq!(file_name("/usr/lib/"), None);
        assert_eq!(file_name("a\0b"), None);
    }
}
