//! Writing what is seen to a file, as the reports of the command line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path as FilePath;
use std::sync::Arc;

use super::Shared;
use super::jobs::for_each;
use super::lists::Report;
use super::marks::Marks;
use super::table::{Path, Question, Side, Table, side_of};
use crate::analysis::diff::DiffView;
use crate::analysis::diff::groups::Subject;
use crate::model::Model;
use crate::model::view::{Sort, View};
use crate::render::{self, MARKDOWN_LIMIT, PageOptions};
use crate::report::{self, DiffOptions, ShowOptions};

/// What to write where.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// Where; the ending says in which form.
    pub file: String,
    /// What.
    pub what: Exported,
}

/// What is written.
#[derive(Debug, Clone)]
pub enum Exported {
    /// Groups of bytes.
    Rows {
        /// The view.
        question: Question,
        /// The row whose part of it is written; all if empty.
        path: Path,
        /// Only this, wherever it is; all if nothing is marked.
        marks: Marks,
    },
    /// All of a list: its rows overlap, so that a part of it would say little.
    List(Arc<Table>),
}

/// A form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object.
    Json,
    /// Comma-separated values.
    Csv,
    /// A table in Markdown.
    Markdown,
}

impl Form {
    /// The form that a path asks for by its ending.
    pub fn of(path: &str) -> Option<Form> {
        let ending = FilePath::new(path).extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "json" => Some(Form::Json),
            "csv" => Some(Form::Csv),
            "md" | "markdown" => Some(Form::Markdown),
            _ => None,
        }
    }
}

/// Writes the file, which must not be there yet. Says what was written, or why nothing was.
pub fn export(shared: &Shared, request: &ExportRequest) -> Result<String, String> {
    let form = Form::of(&request.file).ok_or("the name must end in .json, .csv or .md")?;
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("`{}` is there already; choose another name", request.file),
        _ => format!("failed to write `{}`: {error}", request.file),
    };
    let path = std::path::PathBuf::from(&request.file);
    let file = File::create_new(&path).map_err(fail)?;
    let mut out = BufWriter::new(file);
    write(shared, &request.what, form, &mut out).and_then(|()| out.flush()).map_err(|error| {
        // What is half-written is of no use; if it cannot be removed, the error says enough.
        let _ = std::fs::remove_file(&path);
        fail(error)
    })?;
    let what = match &request.what {
        Exported::Rows { marks, .. } if !marks.is_empty() => "what is marked",
        Exported::Rows { .. } => "the level",
        Exported::List(_) => "all of the list",
    };
    Ok(format!("wrote {what} to `{}`", request.file))
}

fn write(shared: &Shared, what: &Exported, form: Form, out: &mut dyn Write) -> io::Result<()> {
    let page = PageOptions { name: "tui", limit: MARKDOWN_LIMIT, exact: false };
    let (question, path, marks) = match what {
        Exported::Rows { question, path, marks } => (question, path, marks),
        Exported::List(table) => {
            return match (table.listed().map(|listed| listed.report()), form) {
                (Some(Report::Tree(report)), Form::Json) => render::json(report, out),
                (Some(Report::Tree(report)), Form::Csv) => render::tree_csv(report, out),
                (Some(Report::Tree(report)), Form::Markdown) => render::tree_markdown(report, &page, out),
                (Some(Report::Duplicates(report)), Form::Json) => render::json(report, out),
                (Some(Report::Duplicates(report)), Form::Csv) => render::duplicates_csv(report, out),
                (Some(Report::Duplicates(report)), Form::Markdown) => {
                    render::duplicates_markdown(report, &page, out)
                }
                (None, _) => Ok(()),
            };
        }
    };
    // As deep as what is seen: the level that is open, or its leaves' rows.
    let depth = (path.len() + 1).min(question.dims().len());
    let dims = question.dims().iter().take(depth).copied().collect();
    let chosen = |model: &Model, side: Side| chosen(model, side, question, path, marks);
    if question.content.is_changes()
        && let Some(old) = &shared.baseline
    {
        let view = DiffView { dims, filter: question.filter(), measure: question.measure };
        let before = Subject { model: &old.model, contents: Some(&old.contents) };
        let after = Subject { model: &shared.new.model, contents: Some(&shared.new.contents) };
        let options = DiffOptions { limit: None, nested: None };
        let report = if marks.is_empty() && path.is_empty() {
            report::diff(before, after, &view, &options)
        } else {
            // They are asked of in the order of files, the old one first.
            let both = [(&old.model, Side::Old), (&shared.new.model, Side::New)];
            let mut chosen = both.map(|(model, side)| chosen(model, side)).into_iter().flatten();
            report::diff_part(before, after, &view, &options, |_, _| chosen.next().unwrap_or(false))
        };
        return match form {
            Form::Json => render::json(&report, out),
            Form::Csv => render::diff_csv(&report, out),
            Form::Markdown => render::diff_markdown(&report, &page, out),
        };
    }
    // What is gone is only in the old file.
    let side = if marks.is_empty() { side_of(path) } else { Side::New };
    let Some(model) = shared.models().of(side) else { return Ok(()) };
    let view = View {
        dims,
        filter: question.filter(),
        measure: question.measure,
        sort: Sort::Size,
        first: None,
        only: None,
        names_only: false,
    };
    let mut chosen = chosen(model, side).into_iter();
    let options = ShowOptions { limit: None };
    let report = report::show_where(model, &view, &options, |_| chosen.next().unwrap_or(false));
    match form {
        Form::Json => render::json(&report, out),
        Form::Csv => render::show_csv(&report, out),
        Form::Markdown => render::show_markdown(&report, &page, out),
    }
}

/// By leaf: whether it is to be written.
fn chosen(model: &Model, side: Side, question: &Question, path: &Path, marks: &Marks) -> Vec<bool> {
    let mut chosen = vec![false; model.leaves.len()];
    if marks.is_empty() {
        let choose = |index: u32, _| chosen[index as usize] = true;
        for_each(model, side, question, path, choose);
    } else {
        let mut selection = marks.compile(model, side);
        let choose = |index: u32, leaf| chosen[index as usize] = selection.has(&leaf);
        for_each(model, side, question, &Path::new(), choose);
    }
    chosen
}
