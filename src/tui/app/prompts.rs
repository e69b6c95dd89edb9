//! What typed text does.

use ratatui_crossterm::crossterm::event::KeyEvent;

use super::explorer::Explorer;
use super::search::{Direction, Search};
use crate::model::filter::Filter;
use crate::model::view::Dim;
use crate::tui::export::{ExportRequest, Exported, Form};
use crate::tui::jobs::Job;
use crate::tui::prompt::{Prompt, Purpose, Typed};

impl Explorer {
    /// Opens a prompt, with what it is most likely to say.
    pub(super) fn type_text(&mut self, purpose: Purpose) {
        let text = match purpose {
            Purpose::Search => {
                self.search.origin = self.open().navigation.level().cursor;
                String::new()
            }
            Purpose::Filter => self.filter.clone().unwrap_or_default(),
            Purpose::GroupBy => {
                let words: Vec<&str> = self.open().content.dims().iter().map(|d| d.as_str()).collect();
                words.join(",")
            }
            Purpose::Export => {
                let tab = self.open();
                let is_marks = !self.marks.is_empty() && tab.content.list().is_none();
                let name = if is_marks { "marked".into() } else { tab.title.to_lowercase() };
                format!("{}.csv", name.replace(',', "-"))
            }
        };
        self.prompt = Some(Prompt::new(purpose, text));
    }

    pub(super) fn prompt_key(&mut self, key: &KeyEvent) {
        let Some(prompt) = &mut self.prompt else { return };
        match prompt.key(key) {
            Typed::Changed => self.typed(),
            Typed::Same => {}
            Typed::Left => {
                if prompt.purpose == Purpose::Search {
                    self.search.clear();
                    let origin = self.search.origin;
                    self.select(origin);
                }
                self.prompt = None;
            }
            Typed::Done => self.done(),
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompt
            && prompt.insert(text) == Typed::Changed
        {
            self.typed();
        }
    }

    /// The text is another: what can be said of it at once.
    fn typed(&mut self) {
        let Some(prompt) = &mut self.prompt else { return };
        prompt.error = None;
        if prompt.purpose != Purpose::Search {
            return;
        }
        if prompt.text.is_empty() {
            self.search.clear();
            let origin = self.search.origin;
            self.select(origin);
            return;
        }
        match Search::read(&prompt.text) {
            Ok(pattern) => {
                self.search.pattern = Some(pattern);
                self.message = None;
                self.find(Direction::Here);
            }
            Err(error) => prompt.error = Some(error),
        }
    }

    /// The text is done: it is taken, or stays with what is wrong with it.
    fn done(&mut self) {
        let Some(prompt) = &self.prompt else { return };
        let text = prompt.text.trim().to_string();
        let taken = match prompt.purpose {
            Purpose::Search => match prompt.error.clone() {
                Some(error) => Err(error),
                None => Ok(()),
            },
            Purpose::Filter => self.set_filter(&text),
            Purpose::GroupBy => self.group_by(&text),
            Purpose::Export => self.start_export(text),
        };
        match (taken, &mut self.prompt) {
            (Ok(()), _) => self.prompt = None,
            (Err(error), Some(prompt)) => prompt.error = Some(error),
            (Err(_), None) => {}
        }
    }

    fn set_filter(&mut self, text: &str) -> Result<(), String> {
        if !text.is_empty() {
            let filter = Filter::parse(text).map_err(|error| error.to_string())?;
            let mut dims = Vec::new();
            filter.dims(&mut dims);
            if let Some(reason) = self.why_unknown(&dims) {
                return Err(reason);
            }
        }
        self.filter = Some(text.to_string()).filter(|t| !t.is_empty());
        self.show();
        Ok(())
    }

    fn group_by(&mut self, text: &str) -> Result<(), String> {
        let mut dims = Vec::new();
        for word in text.split([',', ' ']).filter(|w| !w.is_empty()) {
            let dim = Dim::parse(word).ok_or_else(|| format!("`{word}` is not a dimension"))?;
            if !dims.contains(&dim) {
                dims.push(dim);
            }
        }
        if dims.is_empty() {
            return Err("name at least one dimension".to_string());
        }
        if let Some(reason) = self.why_unknown(&dims) {
            return Err(reason);
        }
        self.open_custom(dims);
        Ok(())
    }

    fn start_export(&mut self, file: String) -> Result<(), String> {
        if Form::of(&file).is_none() {
            return Err("the name must end in .json, .csv or .md".to_string());
        }
        let Some(table) = &self.table else { return Err("there is nothing to export yet".to_string()) };
        let what = if table.listed().is_some() {
            Exported::List(table.clone())
        } else {
            let path = self.open().navigation.path(table);
            Exported::Rows { question: table.question.clone(), path, marks: self.marks.clone() }
        };
        let request = ExportRequest { file, what };
        self.message = Some("writing".to_string());
        self.ask(Job::Export(request));
        Ok(())
    }
}
