//! `list-keys`: many resources at once, one line each.

mod pending;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::pending::Pending;
use super::list_keys;
use crate::args::{Format, Global, ListKeysOfMany};
use crate::config::Config;
use crate::failure::Failure;
use crate::input::{Input, Line};
use crate::output::{self, Printer};
use crate::progress::{Done, Progress};
use crate::query::Query;
use crate::session::{ResourceId, Session};
use crate::stop::Stop;

/// Runs to the end of the input. The first Ctrl-C ends the input, the second
/// the run. The exit code says whether something failed.
pub(crate) async fn run(
    args: ListKeysOfMany,
    global: &Global,
    config: &Config,
) -> Result<u8, Failure> {
    check(&args)?;
    let printer = printer(global)?;
    let mut stop = Stop::listen().map_err(|error| Failure::other("cannot start", &error))?;
    let mut run = Run {
        session: match args.dry_run {
            true => None,
            false => Some(Arc::new(Session::start(global, config).await?)),
        },
        input: Input::open(args.ids, args.resume),
        jobs: args.jobs.into(),
        is_ordered: args.ordered,
        show_secrets: global.show_secrets,
        printer,
        progress: Progress::new(!global.no_progress),
        calls: JoinSet::new(),
        is_taking: true,
        is_told_to_end: false,
        is_interrupted: false,
        is_read: true,
        taken: args.resume,
        pending: Pending::new(),
        tally: Tally::default(),
    };
    let first = Notify::new();
    let outcome = tokio::select! {
        biased;
        () = interrupted_twice(&mut stop, &first) => Err(Failure::interrupted()),
        outcome = run.list_all(&first) => outcome,
    };
    run.end(outcome, global.output == Some(Format::Json))
}

fn check(args: &ListKeysOfMany) -> Result<(), Failure> {
    if args.ids.len() > 1 && args.ids.iter().any(|id| id == "-") {
        return Err(Failure::usage(
            "`--ids -` reads all resource IDs from stdin",
            "give the others there, too",
        ));
    }
    Ok(())
}

/// What az's files and the environment say of the format is about documents, and
/// these are lines; a flag is about them.
fn printer(global: &Global) -> Result<Printer, Failure> {
    let query = global.query.as_deref().map(Query::compile).transpose()?;
    let format = global.output.unwrap_or(Format::Json);
    match (format, &query) {
        (Format::Json | Format::None, _) | (Format::Tsv, Some(_)) => Ok(Printer { format, query }),
        (Format::Tsv, None) => Err(Failure::usage(
            "a line of tabs needs to know what of each resource it should hold",
            "say it with --query, as in --query \"[id, keys.userStorageKey]\"",
        )),
        _ => Err(Failure::usage(
            "many resources are printed as one line each",
            "use -o json, or -o tsv with --query",
        )),
    }
}

async fn interrupted_twice(stop: &mut Stop, first: &Notify) {
    stop.asked_for().await;
    first.notify_one();
    stop.asked_for().await;
}

struct Run {
    /// None if nothing is to be sent.
    session: Option<Arc<Session>>,
    input: Input,
    jobs: usize,
    is_ordered: bool,
    show_secrets: bool,
    printer: Printer,
    progress: Progress,
    calls: JoinSet<Answer>,
    /// Whether more of the input is wanted.
    is_taking: bool,
    is_told_to_end: bool,
    /// Whether some of the input was left.
    is_interrupted: bool,
    /// Whether anybody still reads stdout.
    is_read: bool,
    /// The last line that was taken.
    taken: u64,
    pending: Pending<Answer>,
    tally: Tally,
}

struct Answer {
    line: u64,
    id: String,
    keys: Result<Value, Failure>,
}

#[derive(Debug, Default)]
struct Tally {
    ok: u64,
    failed: u64,
    workspaces: u64,
    computes: u64,
}

/// What is said in the end, on stderr.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspaces: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    computes: Option<u64>,
    failed: u64,
    seconds: f64,
    /// As many lines of the input are done.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<u64>,
}

impl Run {
    async fn list_all(&mut self, interrupted: &Notify) -> Result<(), Failure> {
        const EACH: Duration = Duration::from_millis(100);

        let mut interrupted = pin!(interrupted.notified());
        let mut ticks = tokio::time::interval(EACH);
        while self.is_taking || !self.calls.is_empty() {
            tokio::select! {
                biased;
                () = &mut interrupted, if !self.is_told_to_end => self.interrupt(),
                Some(answer) = self.calls.join_next() => {
                    let answer = answer.map_err(|error| Failure::other("a call broke off", &error));
                    self.answered(answer?).await?;
                }
                line = self.input.next(), if self.may_start() => match line {
                    Some(Ok(line)) => self.start(line).await?,
                    Some(Err(error)) => return Err(Failure::other("cannot read stdin", &error)),
                    None => self.is_taking = false,
                },
                _ = ticks.tick(), if self.progress.is_wanted() => self.draw(),
            }
        }
        Ok(())
    }

    fn interrupt(&mut self) {
        self.is_told_to_end = true;
        self.is_interrupted = self.is_taking;
        self.is_taking = false;
        if !self.calls.is_empty() {
            self.progress.clear();
            output::note(&format!(
                "interrupted: waiting for {} in flight, Ctrl-C again ends at once",
                self.calls.len()
            ));
        }
    }

    fn may_start(&self) -> bool {
        // Bounds what --ordered holds back.
        let is_within = !self.is_ordered || self.pending.len() < self.jobs * 8;
        self.is_taking && self.calls.len() < self.jobs && is_within
    }

    async fn start(&mut self, line: Line) -> Result<(), Failure> {
        self.taken = line.number;
        self.pending.take(line.number);
        let id = match resource_id(&line) {
            Ok(id) => id,
            Err(failure) => {
                let answer = Answer {
                    line: line.number,
                    id: line.text,
                    keys: Err(failure),
                };
                return self.answered(answer).await;
            }
        };
        match &id {
            ResourceId::Workspace(_) => self.tally.workspaces += 1,
            ResourceId::Compute(_) => self.tally.computes += 1,
        }
        let Some(session) = self.session.clone() else {
            self.pending.done(line.number);
            self.tally.ok += 1;
            return Ok(());
        };
        let show_secrets = self.show_secrets;
        self.calls.spawn(async move {
            Answer {
                line: line.number,
                id: line.text,
                keys: list_keys::of(&session, &id, show_secrets).await,
            }
        });
        Ok(())
    }

    /// Prints it, and what has waited for it. Who is not signed in need not go
    /// on.
    async fn answered(&mut self, answer: Answer) -> Result<(), Failure> {
        let answer = match answer.keys {
            Err(failure) if failure.is_of_sign_in() => return Err(failure),
            _ => answer,
        };
        if !self.is_ordered {
            return self.print(answer).await;
        }
        self.pending.hold(answer.line, answer);
        while let Some(answer) = self.pending.next_answer() {
            self.print(answer).await?;
        }
        Ok(())
    }

    async fn print(&mut self, answer: Answer) -> Result<(), Failure> {
        let is_ok = answer.keys.is_ok();
        let document = match answer.keys {
            Ok(keys) => json!({ "id": answer.id, "keys": keys }),
            Err(failure) => json!({ "id": answer.id, "error": failure }),
        };
        let line = self.printer.line(&document)?;
        self.progress.clear();
        if !output::line(&line).await? {
            self.is_read = false;
            self.is_taking = false;
            self.calls.abort_all();
            self.calls = JoinSet::new();
            return Ok(());
        }
        self.pending.done(answer.line);
        match is_ok {
            true => self.tally.ok += 1,
            false => self.tally.failed += 1,
        }
        Ok(())
    }

    fn draw(&mut self) {
        self.progress.draw(Done {
            done: self.tally.ok + self.tally.failed,
            failed: self.tally.failed,
            total: self.input.length(),
        });
    }

    /// Says how it went. A reader that went away is not told anything.
    fn end(mut self, outcome: Result<(), Failure>, json: bool) -> Result<u8, Failure> {
        self.progress.clear();
        if !self.is_read {
            return Ok(0);
        }
        let is_whole = outcome.is_ok() && !self.is_interrupted;
        let summary = self.summary(is_whole);
        output::note(&match json {
            true => json!(summary).to_string(),
            false => summary.to_text(),
        });
        outcome?;
        match (self.is_interrupted, self.tally.failed) {
            (true, _) => Err(Failure::interrupted()),
            (false, 0) => Ok(0),
            (false, _) => Ok(1),
        }
    }

    fn summary(&self, is_whole: bool) -> Summary {
        let is_dry = self.session.is_none();
        let Tally {
            ok,
            failed,
            workspaces,
            computes,
        } = self.tally;
        let first_pending = self.pending.first().map(|line| line - 1);
        Summary {
            listed: (!is_dry).then_some(ok),
            workspaces: is_dry.then_some(workspaces),
            computes: is_dry.then_some(computes),
            failed,
            seconds: (self.progress.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            resume: (!is_whole).then(|| first_pending.unwrap_or(self.taken)),
        }
    }
}

impl Summary {
    fn to_text(&self) -> String {
        let mut text = match (self.listed, self.workspaces, self.computes) {
            (Some(listed), ..) => format!("{listed} listed, {} failed", self.failed),
            (_, workspaces, computes) => format!(
                "workspaces: {}, computes: {}, bad lines: {}; nothing was sent",
                workspaces.unwrap_or_default(),
                computes.unwrap_or_default(),
                self.failed
            ),
        };
        if self.listed.is_some() {
            text += &format!(", in {:.1} s", self.seconds);
        }
        if let Some(lines) = self.resume.filter(|lines| *lines > 0) {
            text += &format!("; {lines} lines of the input are done: go on with --resume {lines}");
        }
        text
    }
}

fn resource_id(line: &Line) -> Result<ResourceId, Failure> {
    if let Some(problem) = line.problem {
        return Err(Failure::usage(
            &format!("line {} is no resource ID: {problem}", line.number),
            "give one resource ID a line",
        ));
    }
    let id = line.text.parse();
    id.map_err(|error| match line.text.starts_with(['[', '{', '"']) {
        true => Failure::input(error).with_hint("give one resource ID a line, as `-o tsv` does"),
        false => Failure::input(error),
    })
}
