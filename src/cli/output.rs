//! Where answers go: standard output or a file, and how text is to look there.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::args::{ColorArg, CommonArgs};
use super::error::CliError;
use crate::render::Style;

/// Runs `write` on the chosen output.
///
/// A file is written beside its place and moved there when complete, so that
/// nothing half-written is left; it is never one of `inputs`.
pub(super) fn write_to(
    output: Option<&Path>,
    inputs: &[&Path],
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = output.filter(|p| *p != Path::new("-")) else {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        return Ok(write(&mut out).and_then(|()| out.flush())?);
    };
    let same =
        |a: &Path, b: &Path| matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b);
    if inputs.iter().any(|input| same(input, path)) {
        let message = format!("`{}` is an input; it is not overwritten", path.display());
        return Err(CliError::new(message).with_hint("choose another output path").into());
    }
    let fail = |error: io::Error| -> anyhow::Error {
        CliError::new(format!("failed to write `{}`", path.display())).with_source(error).into()
    };
    // Not a regular file (a pipe, /dev/null): there is nothing to replace.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(path).map_err(fail)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(fail);
    }
    let partial = partial_path(path);
    let result = File::create_new(&partial).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&partial, path)
    });
    result.map_err(|error| {
        // What cannot be removed was not created, or is reported by its own error.
        let _ = fs::remove_file(&partial);
        fail(error)
    })
}

fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.partial", std::process::id()));
    path.with_file_name(name)
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
