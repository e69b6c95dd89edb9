//! Threads that do what takes longer than a frame: one for views, one for details, one for lists.
//!
//! Of jobs that only their newest is worth, such as details of the selected row, only
//! the newest is done.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::jobs::{Answer, Job, Library};
use super::{Shared, Source};

/// The threads, once there is a model.
#[derive(Debug)]
pub struct Worker {
    views: Sender<Job>,
    details: Sender<Job>,
    lists: Sender<Job>,
    latest: Arc<AtomicU64>,
    /// Its number: what an earlier one still says is of no use.
    pub id: u64,
}

impl Worker {
    /// Starts the threads. They end when nobody listens or asks any more.
    pub fn start(
        id: u64,
        shared: &Arc<Shared>,
        source: &Arc<dyn Source>,
        events: &Sender<super::Message>,
    ) -> std::io::Result<Worker> {
        let latest = Arc::new(AtomicU64::new(0));
        let open = |name: &str| -> std::io::Result<Sender<Job>> {
            let (sender, jobs) = channel();
            let (shared, source) = (shared.clone(), source.clone());
            let (events, latest) = (events.clone(), latest.clone());
            let run = move || work(id, &shared, &*source, &jobs, &events, &latest);
            thread::Builder::new().name(name.to_string()).spawn(run)?;
            Ok(sender)
        };
        let [views, details, lists] = [open("views")?, open("details")?, open("lists")?];
        Ok(Worker { views, details, lists, latest: latest.clone(), id })
    }

    /// Hands over a job.
    pub fn ask(&self, job: Job) {
        if let Job::Find(find) = &job {
            self.latest.store(find.id, Ordering::Relaxed);
        }
        let thread = match &job {
            Job::Details(_) | Job::Claims(_) => &self.details,
            Job::Table { question, .. } if question.content.list().is_some() => &self.lists,
            _ => &self.views,
        };
        // A thread that is gone has said why.
        let _ = thread.send(job);
    }
}

/// Whether only the newest of such jobs counts.
fn is_superseded(job: &Job, queue: &VecDeque<Job>) -> bool {
    matches!(
        job,
        Job::Order { .. } | Job::Leaves { .. } | Job::Find(_) | Job::Marked { .. } | Job::Details(_)
    ) && queue.iter().any(|later| discriminant(later) == discriminant(job))
}

fn work(
    id: u64,
    shared: &Shared,
    source: &dyn Source,
    jobs: &Receiver<Job>,
    events: &Sender<super::Message>,
    latest: &AtomicU64,
) {
    let _watch = Watch(events.clone());
    let mut library = Library::new(shared, latest);
    let mut queue: VecDeque<Job> = VecDeque::new();
    loop {
        if queue.is_empty() {
            let Ok(job) = jobs.recv() else { return };
            queue.push_back(job);
        }
        queue.extend(jobs.try_iter());
        let Some(job) = queue.pop_front() else { continue };
        let answer = if is_superseded(&job, &queue) { None } else { library.answer(job, source) };
        let answer = answer.unwrap_or(Answer::Superseded);
        if events.send(super::Message::Answer(id, answer)).is_err() {
            return;
        }
    }
}

/// Tells the others if its thread panics: they would wait for ever.
pub(super) struct Watch(pub Sender<super::Message>);

impl Drop for Watch {
    fn drop(&mut self) {
        if thread::panicking() {
            // Nobody listens when the program is ending anyway.
            let _ = self.0.send(super::Message::Broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::export::{ExportRequest, Exported};
    use crate::tui::jobs::Target;
    use crate::tui::marks::Marks;
    use crate::tui::table::{Path, Question};
    use crate::tui::views::Content;

    #[test]
    fn of_looks_at_rows_only_the_newest_is_taken() {
        let question = Question {
            content: Content::Groups(Vec::new().into()),
            filter: None,
            measure: Default::default(),
            is_shipped: false,
        };
        let details =
            || Job::Details(Target::Group { path: Path::new(), leaf: None, question: question.clone() });
        let export = || {
            let (path, marks) = (Path::new(), Marks::default());
            let what = Exported::Rows { question: question.clone(), path, marks };
            Job::Export(ExportRequest { file: String::new(), what })
        };
        let queue = VecDeque::from([export(), details()]);
        assert!(is_superseded(&details(), &queue));
        // Each file that was asked for is written.
        assert!(!is_superseded(&export(), &queue));
        assert!(!is_superseded(&details(), &VecDeque::new()));
    }
}
