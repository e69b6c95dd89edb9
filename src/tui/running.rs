//! The loop: what happens goes to the state, what the state asks for is done, then it is drawn once.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui_crossterm::crossterm::event as terminal_event;

use super::app::{App, Effect, Event, Progress, Screen as State};
use super::draw::Look;
use super::terminal::{self, Open, Screen};
use super::worker::{Watch, Worker};
use super::{Message, Source};
use crate::timing;

/// How long nothing may happen until progress is drawn.
const BEAT: Duration = Duration::from_millis(100);

/// Runs the UI until the user quits.
///
/// *Errors*: those of the terminal and of the analysis. The terminal is as it was, also
/// after a panic, or a signal, which then ends the program as it would have at once.
pub fn run(source: Arc<dyn Source>, open: Open, look: Look) -> anyhow::Result<()> {
    let (sender, messages) = channel();
    // Before the terminal is taken over, so that no signal finds it half-way.
    signals(&sender)?;
    let mut screen = Screen::take(open)?;
    let size = screen.terminal.size()?;
    let (app, first) = App::new(source.subjects(), (size.width, size.height));
    screen.draw(&app, look)?;
    let start = Instant::now();
    keys(&sender, start)?;
    let mut running = Running { source, sender, screen, look, app, worker: None, start };
    let ended = match running.carry_out(first) {
        Ok(None) => running.turn(&messages),
        ended => ended,
    };
    drop(running);
    match ended? {
        Some(End::Signal(signal)) => end_by(signal),
        Some(End::Quit) | None => Ok(()),
    }
}

/// Why the loop ends.
enum End {
    /// The user wants it.
    Quit,
    /// A signal.
    Signal(i32),
}

/// The state and what it acts on.
struct Running {
    source: Arc<dyn Source>,
    sender: Sender<Message>,
    screen: Screen,
    look: Look,
    app: App,
    worker: Option<Worker>,
    start: Instant,
}

impl Running {
    /// The loop: takes all that has happened, then draws once.
    fn turn(&mut self, messages: &Receiver<Message>) -> anyhow::Result<Option<End>> {
        loop {
            let Some(first) = self.wait(messages) else { return Ok(None) };
            // A change of size that comes with a key may not be told by the terminal library.
            let size = self.screen.terminal.size()?;
            let resize = ((size.width, size.height) != self.app.size)
                .then_some(Message::Event(Event::Resize(size.width, size.height)));
            for message in std::iter::once(first).chain(messages.try_iter()).chain(resize) {
                let end = self.take(message)?;
                if end.is_some() {
                    return Ok(end);
                }
            }
            self.screen.draw(&self.app, self.look)?;
        }
    }

    /// What happens next; while something is under way, at the latest the passing of time.
    fn wait(&self, messages: &Receiver<Message>) -> Option<Message> {
        if !self.app.is_busy() {
            return messages.recv().ok();
        }
        match messages.recv_timeout(BEAT) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => Some(Message::Event(match self.app.screen {
                State::Loading(_) => {
                    Event::Progress(Progress { done: timing::phases(), elapsed: self.start.elapsed() })
                }
                _ => Event::Tick,
            })),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    fn take(&mut self, message: Message) -> anyhow::Result<Option<End>> {
        let event = match message {
            Message::Event(event) => event,
            Message::Answer(worker, answer) => match &self.worker {
                Some(current) if current.id == worker => Event::Answer(answer),
                _ => return Ok(None),
            },
            Message::Failed(error) => return Err(error),
            Message::Signal(signal) => return self.signal(signal),
            Message::Broken => return Err(anyhow::anyhow!("a part of the program failed, see above")),
        };
        if let Event::Loaded(shared) | Event::CodeRead(Ok(shared)) = &event {
            let id = self.worker.as_ref().map_or(0, |worker| worker.id + 1);
            self.worker = Some(Worker::start(id, shared, &self.source, &self.sender)?);
        }
        let effects = self.app.update(event);
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<Option<End>> {
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(Some(End::Quit)),
                Effect::Load(subject) => {
                    self.start = Instant::now();
                    timing::enable();
                    let source = self.source.clone();
                    apart("analysis", &self.sender, move || match source.load(subject) {
                        Ok(shared) => Message::Event(Event::Loaded(Arc::new(shared))),
                        Err(error) => Message::Failed(error),
                    })?;
                }
                Effect::ReadCode => {
                    let source = self.source.clone();
                    apart("code", &self.sender, move || {
                        Message::Event(Event::CodeRead(source.read_code().map(Arc::new)))
                    })?;
                }
                Effect::Ask(job) => {
                    if let Some(worker) = &self.worker {
                        worker.ask(job);
                    }
                }
                Effect::Copy(text) => self.screen.send(&terminal::clipboard(&text))?,
                Effect::Suspend => suspend(&mut self.screen)?,
                Effect::Redraw => self.screen.redraw()?,
            }
        }
        Ok(None)
    }

    #[cfg(unix)]
    fn signal(&mut self, signal: i32) -> anyhow::Result<Option<End>> {
        use signal_hook::consts::{SIGCONT, SIGTSTP};
        match signal {
            SIGTSTP => suspend(&mut self.screen)?,
            // Whoever stopped it may have left the terminal in any state.
            SIGCONT => self.screen.without(|| {})?,
            _ => return Ok(Some(End::Signal(signal))),
        }
        Ok(None)
    }

    #[cfg(not(unix))]
    fn signal(&mut self, signal: i32) -> anyhow::Result<Option<End>> {
        Ok(Some(End::Signal(signal)))
    }
}

/// Reads keys, the mouse and sizes in a thread of its own, as nothing can wait for both them and answers.
fn keys(sender: &Sender<Message>, start: Instant) -> anyhow::Result<()> {
    use terminal_event::Event as Read;
    let sender = sender.clone();
    let read = move || {
        while let Ok(read) = terminal_event::read() {
            let event = match read {
                Read::Key(key) if key.kind != terminal_event::KeyEventKind::Release => Event::Key(key),
                Read::Mouse(mouse) => Event::Mouse(mouse, start.elapsed()),
                Read::Paste(text) => Event::Paste(text),
                Read::Resize(width, height) => Event::Resize(width, height),
                _ => continue,
            };
            if sender.send(Message::Event(event)).is_err() {
                return;
            }
        }
        // The terminal is gone, and so is whoever looked at it.
        let _ = sender.send(Message::Failed(anyhow::anyhow!("the terminal can no longer be read")));
    };
    thread::Builder::new().name("keys".to_string()).spawn(read)?;
    Ok(())
}

/// Does something in a thread of its own, and tells the loop what came of it.
fn apart(
    name: &str,
    sender: &Sender<Message>,
    work: impl FnOnce() -> Message + Send + 'static,
) -> anyhow::Result<()> {
    let sender = sender.clone();
    let run = move || {
        let _watch = Watch(sender.clone());
        // Whoever quit meanwhile does not want it.
        let _ = sender.send(work());
    };
    thread::Builder::new().name(name.to_string()).spawn(run)?;
    Ok(())
}

#[cfg(unix)]
fn signals(sender: &Sender<Message>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let all = [SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP];
    let mut signals = signal_hook::iterator::Signals::new(all)?;
    let sender = sender.clone();
    let wait = move || {
        for signal in signals.forever() {
            if sender.send(Message::Signal(signal)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("signals".to_string()).spawn(wait)?;
    Ok(())
}

/// Ends as if the signal had not been caught, so that the shell sees why.
#[cfg(unix)]
fn end_by(signal: i32) -> anyhow::Result<()> {
    Ok(signal_hook::low_level::emulate_default_handler(signal)?)
}

#[cfg(unix)]
fn suspend(screen: &mut Screen) -> anyhow::Result<()> {
    screen.without(|| {
        // If it fails the program simply goes on.
        let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn signals(_: &Sender<Message>) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn end_by(_: i32) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn suspend(_: &mut Screen) -> anyhow::Result<()> {
    Ok(())
}
