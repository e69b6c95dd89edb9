//! Where answers go: standard output or a file, and how text is to look there.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use super::args::{ColorArg, CommonArgs};
use super::error::CliError;
use super::partial::Partial;
use crate::format;
use crate::render::Style;

/// Writes a line to standard error. If that fails nobody is left to tell.
pub(super) fn say(line: fmt::Arguments<'_>) {
    // In one piece, so that lines of other processes do not get into it.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Runs `write` on the chosen output.
///
/// A file is written beside its place and moved there when complete, so that
/// nothing half-written is left; it replaces none of `inputs` and no binary,
/// which may be one too: files with debug information are found without being
/// named. A symbolic link stays, and what it points to is written.
pub(super) fn write_to(
    output: Option<&Path>,
    inputs: &[&Path],
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = output.filter(|p| *p != Path::new("-")) else {
        streams::spare(inputs)?;
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        return write(&mut out)
            .and_then(|()| out.flush())
            .map_err(|error| CliError::new("failed to write standard output").with_source(error).into());
    };
    spare(path, inputs)?;
    let fail = |error: io::Error| -> anyhow::Error {
        CliError::new(format!("failed to write `{}`", path.display())).with_source(error).into()
    };
    // Not a regular file (a pipe, /dev/null): there is nothing to replace.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(path).map_err(fail)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(fail);
    }
    let place = link_target(path).map_err(fail)?;
    let result = Partial::beside(&place).and_then(|(partial, file)| {
        // Who may read what was there may read what replaces it.
        if let Ok(before) = fs::metadata(&place) {
            file.set_permissions(before.permissions())?;
        }
        let mut out = BufWriter::with_capacity(1 << 16, file);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        partial.complete()
    });
    result.map_err(fail)
}

/// Refuses to write over an input, over any binary, and over what Cargo reads of a package: its manifest and lockfile
/// are found without being named too.
///
/// *Errors*: `path` is one.
pub(super) fn spare(path: &Path, inputs: &[&Path]) -> anyhow::Result<()> {
    let same =
        |a: &Path, b: &Path| matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b);
    let is_file = || fs::metadata(path).is_ok_and(|meta| meta.is_file());
    let why = if inputs.iter().any(|input| same(input, path)) || streams::is_input(path, inputs) {
        "an input"
    } else if is_file() && is_binary(path) {
        "a binary"
    } else if is_file() && is_of_cargo(path) {
        "what Cargo reads of a package"
    } else {
        return Ok(());
    };
    Err(overwritten(&format!("`{}`", path.display()), why).into())
}

fn overwritten(what: &str, why: &str) -> CliError {
    CliError::new(format!("{what} is {why}; it is not overwritten")).with_hint("choose another output path")
}

/// Whether a file, or what it is a link to, has a name that Cargo gives a meaning.
fn is_of_cargo(path: &Path) -> bool {
    let target = fs::canonicalize(path);
    let name = target.as_deref().unwrap_or(path).file_name();
    name.is_some_and(|name| name == "Cargo.toml" || name == "Cargo.lock")
}

/// Files behind standard input and output.
#[cfg(unix)]
mod streams {
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    fn regular(meta: io::Result<Metadata>) -> Option<(u64, u64)> {
        meta.ok().filter(Metadata::is_file).map(|meta| (meta.dev(), meta.ino()))
    }

    fn behind(stream: impl AsFd) -> Option<(u64, u64)> {
        regular(File::from(stream.as_fd().try_clone_to_owned().ok()?).metadata())
    }

    /// The file that an input is, named or not.
    fn input(path: &Path) -> Option<(u64, u64)> {
        if path == Path::new("-") { behind(io::stdin()) } else { regular(fs::metadata(path)) }
    }

    /// Whether `path` is the file that is read as standard input.
    pub(super) fn is_input(path: &Path, inputs: &[&Path]) -> bool {
        let is_read = inputs.contains(&Path::new("-"));
        is_read && behind(io::stdin()).is_some_and(|of_stdin| regular(fs::metadata(path)) == Some(of_stdin))
    }

    /// Refuses to append to an input.
    ///
    /// *Errors*: standard output is one.
    pub(super) fn spare(inputs: &[&Path]) -> Result<(), super::CliError> {
        let Some(output) = behind(io::stdout()) else { return Ok(()) };
        let is_one = inputs.iter().any(|path| input(path) == Some(output));
        if is_one { Err(super::overwritten("standard output", "an input")) } else { Ok(()) }
    }
}

/// Elsewhere, files behind streams are not told apart.
#[cfg(not(unix))]
mod streams {
    use std::path::Path;

    pub(super) fn is_input(_: &Path, _: &[&Path]) -> bool {
        false
    }

    pub(super) fn spare(_: &[&Path]) -> Result<(), super::CliError> {
        Ok(())
    }
}

/// Whether a file begins like a binary or its debug information. Nothing that is written does.
fn is_binary(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    read.is_ok() && format::is_binary(&start)
}

/// What a symbolic link points to, which need not exist; any other path is its own target.
fn link_target(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_path_buf();
    // As many as systems follow.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&place) else { return Ok(place) };
        place = place.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// How text is to look on the chosen output.
pub(super) fn style(common: &CommonArgs) -> Style {
    let on_terminal = common.output.is_none() && io::stdout().is_terminal();
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let color = match common.color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => {
            on_terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.trim().parse().ok()).filter(|&c| c > 0);
    let terminal = || {
        let size = if on_terminal { terminal_size::terminal_size() } else { None };
        size.map(|(width, _)| usize::from(width.0)).filter(|&w| w > 0)
    };
    let width = if common.wide { None } else { columns.or_else(terminal) };
    Style { color, width, exact: common.bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("bloat-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_written_through() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new("links");
        let at = |name: &str| folder.0.join(name);
        symlink("b", at("a")).unwrap();
        symlink(at("file"), at("b")).unwrap();
        // The first time the target does not exist yet.
        for text in ["one", "two"] {
            write_to(Some(&at("a")), &[], |out| out.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(at("file")).unwrap(), text);
        }
        assert!(at("a").is_symlink() && at("b").is_symlink());
        let error = write_to(Some(&at("a")), &[&at("file")], |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("is an input"), "{error}");
        // Files with debug information are found and not named.
        fs::write(at("app.debug"), b"\x7fELF...").unwrap();
        let error = write_to(Some(&at("app.debug")), &[], |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("is a binary"), "{error}");
        fs::remove_file(at("app.debug")).unwrap();
        // Nothing half-written is left.
        write_to(Some(&at("a")), &[], |_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 3);
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "two");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_may_read_more_than_before() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("modes");
        let path = folder.0.join("report");
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write_to(Some(&path), &[], |out| out.write_all(b"two")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn circles_of_links_are_an_error() {
        let folder = Folder::new("circle");
        let path = folder.0.join("a");
        std::os::unix::fs::symlink("a", &path).unwrap();
        assert!(write_to(Some(&path), &[], |_| Ok(())).is_err());
        assert!(path.is_symlink());
    }

    #[test]
    fn failures_name_standard_output() {
        let fail = |kind: io::ErrorKind| write_to(None, &[], |_| Err(kind.into())).unwrap_err();
        let error = fail(io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "failed to write standard output");
        assert_eq!(error.chain().count(), 2);
        assert!(!super::super::is_closed_pipe(&error));
        assert!(super::super::is_closed_pipe(&fail(io::ErrorKind::BrokenPipe)));
    }
}
