//! `bloat man`: manual pages, from the definitions that the command line is read by.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Command};
use clap_mangen::Man;

use super::error::CliError;
use super::output::{say, write_to};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command that the page is about, such as `diff`; without it, the page of bloat itself
    #[arg(conflicts_with = "all")]
    pub command: Option<String>,

    /// Write the pages of all commands into a folder
    #[arg(long, value_name = "DIR")]
    pub all: Option<PathBuf>,
}

/// Runs `bloat man`.
pub(super) fn man(args: &ManArgs, mut bloat: Command) -> Result<()> {
    bloat.build();
    if let Some(folder) = &args.all {
        return all(&bloat, folder);
    }
    let page = match &args.command {
        None => bloat,
        Some(name) => match bloat.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let hint = format!("commands are {}", names(&bloat).join(", "));
                return Err(CliError::new(format!("there is no command `{name}`")).with_hint(hint).into());
            }
        },
    };
    let text = rendered(&Man::new(page))?;
    write_to(None, &[], |out| out.write_all(text.as_bytes()))
}

/// A page. Examples, which stand behind all that is said of arguments, keep their lines.
fn rendered(man: &Man) -> Result<String> {
    let mut page = Vec::new();
    man.render(&mut page)?;
    let page = String::from_utf8(page)?;
    let Some((before, rest)) = page.split_once("\n.SH EXTRA\n") else { return Ok(page) };
    let (examples, after) = rest.split_at(rest.find("\n.SH ").map_or(rest.len(), |at| at + 1));
    Ok(format!("{before}\n.SH EXTRA\n.nf\n{examples}.fi\n{after}"))
}

fn all(bloat: &Command, folder: &std::path::Path) -> Result<()> {
    let unwritable =
        |error| CliError::new(format!("failed to make the folder `{}`", folder.display())).with_source(error);
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let pages: Vec<Command> =
        std::iter::once(bloat.clone()).chain(bloat.get_subcommands().cloned()).collect();
    let count = pages.len();
    for page in pages {
        let man = Man::new(page);
        let text = rendered(&man)?;
        write_to(Some(&folder.join(man.get_filename())), &[], |out| out.write_all(text.as_bytes()))?;
    }
    say(format_args!("{count} pages written to {}", folder.display()));
    Ok(())
}

fn names(bloat: &Command) -> Vec<&str> {
    bloat.get_subcommands().map(Command::get_name).collect()
}
