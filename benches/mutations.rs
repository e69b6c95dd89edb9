//! Real binaries, cut and changed, through the program itself: no panic, no signal, no wait, no flood.
//!
//! ```text
//! cargo bench --bench mutations -- [--runs N] [--seed N] [--program FILE] [--keep FOLDER] FILE|FOLDER...
//! ```
//!
//! Files that `bloat` has an answer for are the originals, snapshots are made of some of them, and program
//! databases are given to the program they lie beside. Run `n` depends on the originals, the seed and `n`
//! alone, so a failure can be had again. What breaks a promise is kept, with the command to see it.
//!
//! `docs/robustness.md` states the promises.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]

#[path = "../tests/mutation/mod.rs"]
mod mutation;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use bloat::attrib::{attribute, contents};
use bloat::format::{pdb, read};
use bloat::input::Input;
use bloat::project::Packages;
use bloat::snapshot;

use mutation::{Change, Original, Random};

/// Nothing takes more of a processor.
const LONGEST: Duration = Duration::from_secs(10);
/// What takes longer by the clock waits for something, however much else the machine has to do.
const WAITING: Duration = Duration::from_secs(120);
/// Larger files would take the time of hundreds of others.
const LARGEST: u64 = 12 << 20;

/// The most memory for an input of `len` bytes.
fn allowed(len: u64) -> u64 {
    20 * len + (200 << 20)
}

/// Commands that take a file; `@` stands for the file as it was.
const COMMANDS: [&[&str]; 16] = [
    &["--format", "json"],
    &["--format", "json"],
    &["show", "--by", "crate,symbol", "-n", "0", "--format", "json"],
    &["show", "--by", "member,section,kind", "--format", "json"],
    &["show", "--by", "module,generic", "--filter", "kind=code or crate~a"],
    &["show", "--by", "unit", "--measure", "mem", "--format", "markdown"],
    &["ledger", "--format", "csv"],
    &["ledger", "--format", "jsonl"],
    &["diff", "@", "--format", "json"],
    &["diff", "@", "--by", "section,symbol", "-n", "0"],
    &["duplicates", "-n", "0", "--format", "json"],
    &["generics", "-n", "0", "--min-copies", "1"],
    &["advise"],
    &["save", "-o", "-"],
    &["explain", "@100"],
    &["explain", "main"],
];

struct Options {
    runs: u64,
    seed: u64,
    program: PathBuf,
    keep: PathBuf,
    files: Vec<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        runs: 10_000,
        seed: 1,
        program: env!("CARGO_BIN_EXE_bloat").into(),
        keep: std::env::temp_dir().join("bloat-mutations"),
        files: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("{text} is no number"));
        match word.as_str() {
            "--runs" => options.runs = number(value()?)?,
            "--seed" => options.seed = number(value()?)?,
            "--program" => options.program = value()?.into(),
            "--keep" => options.keep = value()?.into(),
            // Cargo's own word to benches.
            "--bench" => {}
            _ if word.starts_with('-') => return Err(format!("{word} is unknown")),
            _ => options.files.push(word.into()),
        }
    }
    if options.files.is_empty() {
        options.files.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"));
    }
    Ok(options)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = path.read_dir() else { return files.push(path.to_path_buf()) };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries.iter().filter(|entry| !entry.is_symlink()) {
        if entry.is_dir() { walk(entry, files) } else { files.push(entry.clone()) }
    }
}

/// A file to change, and the program that it is the database of.
struct Subject {
    original: Original,
    program: Option<PathBuf>,
}

/// What the program has an answer for; a snapshot of every eighth of them.
fn subjects(paths: &[PathBuf]) -> Vec<Subject> {
    let mut files = Vec::new();
    paths.iter().for_each(|path| walk(path, &mut files));
    let mut all = Vec::new();
    for path in files {
        let fits = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST);
        let Some(bytes) = fits.then(|| fs::read(&path).ok()).flatten() else { continue };
        let name = path.display().to_string();
        if pdb::is_database(&bytes) {
            let programs = ["exe", "dll"].map(|end| path.with_extension(end));
            if let Some(program) = programs.into_iter().find(|p| p.is_file()) {
                all.push(Subject { original: Original::new(name, bytes), program: Some(program) });
            }
            continue;
        }
        let input = Input::from_bytes("original", bytes);
        let Ok(image) = read(&input) else { continue };
        if all.len() % 8 == 0 {
            let model = attribute(&input, &image, &Packages::default());
            let saved = snapshot::save(&model, &contents(&input, &image, &model));
            let saved = saved.expect("a model can be written");
            all.push(Subject { original: Original::new(format!("{name} saved"), saved), program: None });
        }
        all.push(Subject { original: Original::new(name, input.bytes().to_vec()), program: None });
    }
    all
}

/// How a run went wrong.
type Failure = String;

/// Waits for a program and looks at its time and memory meanwhile; the last look is what counts.
fn watch(mut child: Child, allowed: u64) -> Result<(Duration, u64), Failure> {
    let start = Instant::now();
    let own = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut peak, mut time) = (0, Duration::ZERO);
    loop {
        peak = peak.max(high_water(&own.join("status")));
        time = time.max(processor_time(&own.join("stat")));
        if let Some(end) = child.try_wait().expect("it is our child") {
            return match end.code() {
                // Found, limits exceeded, no answer, wrong usage.
                Some(0..=2) if peak <= allowed => Ok((time, peak)),
                Some(0..=2) => Err(format!("{} MiB of memory, {} are allowed", peak >> 20, allowed >> 20)),
                _ => Err(format!("ended with {end}")),
            };
        }
        if time > LONGEST || start.elapsed() > WAITING || peak > allowed {
            child.kill().and_then(|()| child.wait()).expect("it is our child");
            let waited = start.elapsed();
            return Err(format!("stopped after {time:?} of {waited:?} with {} MiB", peak >> 20));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The most memory a process has had at once; 0 where the system does not tell.
fn high_water(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("Name:")).unwrap_or_default();
    // Until it is started, a process is a copy of this one.
    if fs::read_to_string("/proc/self/comm").is_ok_and(|own| own.trim() == name.trim()) {
        return 0;
    }
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// The processor time that a process has had; none where the system does not tell.
fn processor_time(stat: &Path) -> Duration {
    let text = fs::read_to_string(stat).unwrap_or_default();
    // Its name, in parentheses, may hold anything; the 12th and 13th word behind it are hundredths of seconds.
    let words = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = words.skip(11).take(2).filter_map(|word| word.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// Rows of a report by `show` sum to the file of `len` bytes, if there is a report and the file is no snapshot.
fn sums(output: &Path, len: u64) -> Result<(), Failure> {
    let text = fs::read(output).unwrap_or_default();
    if text.is_empty() {
        return Ok(());
    }
    let report: serde_json::Value = serde_json::from_slice(&text).map_err(|e| format!("no JSON: {e}"))?;
    let rows = report["rows"].as_array().ok_or("no rows")?;
    let sum: u64 = rows.iter().filter_map(|row| row["file"].as_u64()).sum();
    let has_snapshot = report["input"]["file_size"].as_u64() != Some(len);
    if has_snapshot || sum == len { Ok(()) } else { Err(format!("rows sum to {sum} of {len} bytes")) }
}

/// Where a run reads and writes.
struct Places {
    mutant: PathBuf,
    original: PathBuf,
    output: PathBuf,
    errors: PathBuf,
}

/// A program that is ready to be started on a mutant.
struct Run<'s> {
    subject: &'s Subject,
    change: Change,
    mutant: Vec<u8>,
    command: Command,
    /// Bytes of all files that it reads.
    input: u64,
}

impl<'s> Run<'s> {
    /// Run `number`, the same for the same subjects and seed.
    fn new(options: &Options, subjects: &'s [Subject], places: &Places, number: u64) -> Run<'s> {
        let mut random = Random::new(options.seed << 32 | number);
        let subject = &subjects[random.below(subjects.len() as u64) as usize];
        let other = &subjects[random.below(subjects.len() as u64) as usize].original;
        let change = Change::ALL[random.below(Change::ALL.len() as u64) as usize];
        let words = COMMANDS[random.below(COMMANDS.len() as u64) as usize];
        let mut mutant = subject.original.changed(change, other, &mut random);
        if random.below(4) == 0 {
            let edges = subject.original.edges.clone();
            let once = Original { name: String::new(), bytes: mutant, edges };
            let change = Change::ALL[random.below(Change::ALL.len() as u64) as usize];
            mutant = once.changed(change, other, &mut random);
        }
        fs::write(&places.mutant, &mutant).expect("a file can be written");
        let mut run = Run {
            subject,
            change,
            input: mutant.len() as u64,
            mutant,
            command: Command::new(&options.program),
        };
        run.say(words, places);
        run
    }

    /// Files stand behind the name of the command.
    fn say(&mut self, mut words: &[&str], places: &Places) {
        if let [name, rest @ ..] = words
            && !name.starts_with('-')
        {
            self.command.arg(name);
            words = rest;
        }
        if let ["@", rest @ ..] = words {
            let original = &self.subject.original.bytes;
            fs::write(&places.original, original).expect("a file can be written");
            self.input += original.len() as u64;
            self.command.arg(&places.original);
            words = rest;
        }
        match &self.subject.program {
            Some(program) => {
                self.input += program.metadata().map_or(0, |meta| meta.len());
                self.command.arg(program).arg("--debug-file").arg(&places.mutant);
            }
            None => {
                self.command.arg(&places.mutant);
            }
        }
        self.command.args(words).stdin(Stdio::null());
        self.command.stdout(File::create(&places.output).expect("a file can be written"));
        self.command.stderr(File::create(&places.errors).expect("a file can be written"));
    }

    fn words(&self) -> Vec<&str> {
        self.command.get_args().filter_map(|word| word.to_str()).collect()
    }

    /// Runs it; gives its time and memory, or how it broke a promise.
    fn check(&mut self, places: &Places) -> Result<(Duration, u64), Failure> {
        let child = self.command.spawn().expect("the program starts");
        let watched = watch(child, allowed(self.input))?;
        let words = self.words();
        if words.first() == Some(&"show") && words.contains(&"json") && self.subject.program.is_none() {
            sums(&places.output, self.mutant.len() as u64)?;
        }
        Ok(watched)
    }
}

/// What came of all runs.
#[derive(Default)]
struct Tally {
    runs: u64,
    failures: u64,
    slowest: Duration,
    largest: u64,
    /// Runs that had something to say on standard error.
    complaints: u64,
}

impl Tally {
    fn tell(&self, start: Instant) {
        let Tally { runs, failures, slowest, largest, complaints } = self;
        println!(
            "{runs} runs in {:.0} s: {failures} failures, {complaints} complaints, \
             slowest {slowest:.1?} of a processor, most memory {} MiB",
            start.elapsed().as_secs_f64(),
            largest >> 20
        );
    }
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let subjects = subjects(&options.files);
    if subjects.is_empty() {
        eprintln!("error: none of these is a binary");
        return ExitCode::from(2);
    }
    let bytes: usize = subjects.iter().map(|s| s.original.bytes.len()).sum();
    println!("{} originals of {bytes} bytes, seed {}", subjects.len(), options.seed);
    fs::create_dir_all(&options.keep).expect("a folder can be made");
    let at = |name: &str| options.keep.join(name);
    let places =
        Places { mutant: at("mutant"), original: at("original"), output: at("output"), errors: at("errors") };
    let mut tally = Tally::default();
    let start = Instant::now();
    for number in 0..options.runs {
        let mut run = Run::new(&options, &subjects, &places, number);
        let checked = run.check(&places);
        let said = fs::read(&places.errors).unwrap_or_default();
        tally.runs += 1;
        match checked {
            Ok((time, peak)) => {
                tally.slowest = tally.slowest.max(time);
                tally.largest = tally.largest.max(peak);
                tally.complaints += u64::from(!said.is_empty());
            }
            Err(failure) => {
                tally.failures += 1;
                let kept = at(&format!("failure-{}-{number}", options.seed));
                fs::copy(&places.mutant, &kept).expect("a file can be copied");
                println!("run {number}: {failure}");
                println!(
                    "    {} after {:?}: bloat {}",
                    run.subject.original.name,
                    run.change,
                    run.words().join(" ")
                );
                println!("    kept as {}", kept.display());
                let said = String::from_utf8_lossy(&said);
                said.lines().take(3).for_each(|line| println!("    {line}"));
            }
        }
        if tally.runs % 5000 == 0 {
            tally.tell(start);
        }
    }
    tally.tell(start);
    ExitCode::from(u8::from(tally.failures > 0))
}
