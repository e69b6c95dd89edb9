//! Where code comes from: read when it is first asked for, as that takes as long as the analysis again.

use std::sync::Arc;

use super::Effect;
use super::cache::Cache;
use super::explorer::Explorer;
use crate::model::Model;
use crate::model::view::Dim;
use crate::tui::Shared;
use crate::tui::table::Question;
use crate::tui::views::{Content, List};

/// Whether it is known where code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// Nobody has asked yet.
    Unread,
    /// It is being read.
    Reading,
    /// It was read.
    Read,
    /// It is not known, and why.
    Unknown(String),
}

impl Explorer {
    /// Why dimensions cannot be shown, if that is known already.
    pub(super) fn why_unknown(&self, dims: &[Dim]) -> Option<String> {
        match &self.code {
            Code::Unread | Code::Reading => None,
            Code::Read => dims.iter().find_map(|&dim| missing(&self.shared.new.model, dim)),
            Code::Unknown(reason) => dims.iter().any(|dim| dim.is_of_code()).then(|| reason.clone()),
        }
    }

    /// Whether a question can be answered. Asks for what it needs.
    pub(super) fn is_answerable(&mut self, question: &Question) -> bool {
        if self.why_no_list(question).is_some() {
            return false;
        }
        let dims = question.code_dims();
        if dims.is_empty() {
            return true;
        }
        if self.code == Code::Unread {
            self.code = Code::Reading;
            self.effects.push(Effect::ReadCode);
        }
        self.code == Code::Read && self.why_unknown(&dims).is_none()
    }

    /// What to say instead of rows, if the open view asks where code comes from and that is not known.
    pub fn why_no_rows(&self) -> Option<String> {
        let question = self.question();
        let dims = question.code_dims();
        let no_list = self.why_no_list(&question);
        if no_list.is_some() {
            return no_list;
        }
        if !dims.is_empty() && matches!(self.code, Code::Unread | Code::Reading) {
            return Some("reading which file and line each instruction comes from".to_string());
        }
        let reading = question.content.list().map(|list| match list {
            List::Tree => "looking up which packages need which",
            List::Duplicates => "looking for what is there more than once",
        });
        self.why_unknown(&dims).or(reading.filter(|_| self.table.is_none()).map(str::to_string))
    }

    /// Why there is no list for an answer, if that is known already.
    fn why_no_list(&self, question: &Question) -> Option<String> {
        let list = question.content.list()?;
        self.no_lists.iter().find(|(known, _)| *known == list).map(|(_, reason)| reason.clone())
    }

    /// Goes on with what was read. Whatever was asked before is asked anew.
    pub(super) fn take_code(&mut self, read: Result<Arc<Shared>, String>) {
        match read {
            Ok(shared) => {
                self.shared = shared;
                self.code = Code::Read;
                self.cache = Cache::default();
                self.waiting.clear();
                self.jobs = 0;
                self.table = None;
                self.details = None;
                self.search.forget();
                for tab in &mut self.tabs {
                    tab.bound = None;
                }
            }
            Err(reason) => {
                self.message = Some(reason.clone());
                self.code = Code::Unknown(reason);
            }
        }
        // A filter that nothing can answer would leave every view empty.
        if let Some(reason) = self.filter.is_some().then(|| self.why_unknown(&self.filter_dims())).flatten() {
            self.filter = None;
            self.message = Some(reason);
        }
        self.show();
    }

    /// The dimensions of code that the filter asks about.
    fn filter_dims(&self) -> Vec<Dim> {
        Question { content: Content::Groups(Vec::new().into()), ..self.question() }.code_dims()
    }
}

/// Why a dimension of code cannot be shown, if it cannot.
fn missing(model: &Model, dim: Dim) -> Option<String> {
    let code = model.code.as_ref();
    let (is_known, what) = match dim {
        Dim::Inlined => (code.is_some_and(|code| !code.frames.is_empty()), "inlined functions"),
        Dim::File | Dim::Line => (code.is_some_and(|code| !code.lines.is_empty()), "lines of source"),
        _ => return None,
    };
    (!is_known).then(|| format!("the debug information of the file says nothing of {what}"))
}
