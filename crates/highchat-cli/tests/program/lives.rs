//! Plays whole lives of conversations with the program: `chat --json` as a separate
//! process, over loopback sockets, in scaled real time. The printed lines are checked
//! against what the service did.
//!
//! The program has no options for the pauses before recovery and before another attempt, so
//! these pauses are not scaled.

use core::time::Duration;
use std::borrow::Cow;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use highchat_proto::failure::Cause;
use highchat_proto::{ConversationId, Failure, TurnEnd, TurnId, Update};
use highchat_testing::life::{Act, Life, PageFault, Restart, Try};
use highchat_testing::net::loopback::{SCALE, Service};
use highchat_testing::world::run::{Played, lives};
use highchat_testing::world::{Command, World};
use serde_json::Value;

use crate::support::highchat;

/// The longest time that a life may take, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(400);
/// How many lives run at the same time. They wait nearly all of the time.
const THREADS: usize = 32;
/// How late a line may be read, in ms of a life.
const TOLERANCE: u64 = 100 * SCALE as u64;
/// The longest wait for a line before the world is updated again.
const MAX_WAIT: Duration = Duration::from_millis(25);

#[test]
fn the_program_keeps_the_promises_in_random_lives() {
    lives("highchat chat", 32, THREADS, PATIENCE, |life, _| {
        let life = shortened(life);
        let mut chat = Chat::begin(&life);
        chat.live();
        chat.judge(&life)
    });
}

/// The life with at most one turn that fails, and without refusals that name no waiting
/// time. Each of them takes 20 s or more of real time.
fn shortened(life: &Life) -> Life {
    let mut life = life.clone();
    let mut has_fault = false;
    for act in &mut life.acts {
        let Act::Turn(turn) = act else { continue };
        turn.fault = turn.fault.filter(|_| !has_fault);
        has_fault |= turn.fault.is_some();
        turn.tries.retain(|attempt| *attempt != Try::Limited(None));
    }
    life.pages
        .retain(|fault| *fault != PageFault::Limited(None));
    life
}

/// The running program.
struct Program {
    child: Child,
    /// Its standard input.
    input: ChildStdin,
    /// The lines that it prints.
    lines: Receiver<Value>,
}

/// The program, the service, and the state between them.
struct Chat {
    service: Service,
    program: Program,
    /// The id that was printed last.
    conversation: Option<String>,
    /// Whether the printed state says that a person answers or is called.
    is_polling: bool,
    /// Whether a turn ended in `human` and no line of the next turn was printed. A `done`
    /// then still belongs to this turn.
    may_be_refined: bool,
}

impl Program {
    fn start(service: &Service, conversation: Option<&str>) -> Self {
        let base_url = service.base_url();
        let timeouts = [
            "--response-timeout=0.3",
            "--idle-timeout=0.3",
            "--progress-timeout=1.5",
            "--poll-interval=0.02",
        ];
        let mut command = highchat(["chat", "--json", "--slug=demo", "--base-url", &base_url]);
        command.args(timeouts);
        if let Some(id) = conversation {
            command.args(["--conversation", id]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take().expect("the pipe was requested");
        let output = BufReader::new(child.stdout.take().expect("the pipe was requested"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines() {
                // An incomplete line was cut off when the program was killed.
                let Some(value) = line.ok().and_then(|line| serde_json::from_str(&line).ok())
                else {
                    return;
                };
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            lines,
        }
    }

    /// Ends the program at once.
    fn kill(&mut self) {
        self.child.kill().expect("it was started");
        self.child.wait().expect("it was killed");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Chat {
    fn begin(life: &Life) -> Self {
        // Real time differs from run to run, so the world keeps its story from the start.
        let world = World::new(life, true).with_tolerance(TOLERANCE);
        let service = Service::start(world, life.seed).expect("a socket");
        Self {
            program: Program::start(&service, None),
            service,
            conversation: None,
            is_polling: false,
            may_be_refined: false,
        }
    }

    fn judge(self, life: &Life) -> Played {
        let now = self.service.now();
        let mut world = self.service.world();
        let story = world.story().to_vec();
        // Threads of the service still share the world, so it is replaced rather than
        // moved.
        let over = core::mem::replace(&mut *world, World::new(life, false));
        (over.judge(now), story)
    }

    fn live(&mut self) {
        loop {
            self.service.follow_reach();
            let act = self.service.world().next_act();
            let wait = act.map_or(MAX_WAIT, |act| self.service.until(act).min(MAX_WAIT));
            match self.program.lines.recv_timeout(wait) {
                Ok(line) => {
                    self.show(&line);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let now = self.service.now();
                    self.service
                        .world()
                        .find(now, "the program ended by itself");
                }
            }
            let now = self.service.now();
            // Without an id, a conversation cannot be polled.
            let is_polling = self.is_polling && self.conversation.is_some();
            {
                let mut world = self.service.world();
                let is_turn_open = world.is_turn_open();
                world.look(is_polling, is_turn_open, now);
                world.step(now);
                if world.is_over(is_polling) {
                    return;
                }
            }
            if act.is_some_and(|act| act <= now) {
                self.act();
            }
        }
    }

    fn act(&mut self) {
        // Data in flight from an earlier program must not arrive after the next message.
        self.service.settle();
        let now = self.service.now();
        let command = self.service.world().act(now);
        match command {
            Command::Send(message) => {
                let line = format!("{}\n", message.as_str());
                let typed = self.program.input.write_all(line.as_bytes());
                typed.expect("the program reads");
            }
            // Ctrl-C ends a script, so a cancelled turn is a restart.
            Command::Cancel | Command::Restart(_) => self.restart(),
            // A rating that succeeds prints no line.
            Command::Rate(_) | Command::Nothing => {}
        }
    }

    fn restart(&mut self) {
        self.program.kill();
        self.service.settle();
        // Lines that were printed before the end count as seen.
        while let Ok(line) = self.program.lines.recv_timeout(PATIENCE) {
            self.show(&line);
        }
        self.program = Program::start(&self.service, self.conversation.as_deref());
        (self.is_polling, self.may_be_refined) = (false, false);
        let now = self.service.now();
        self.service.world().restarted(Restart::ById, 0, now);
    }

    fn show(&mut self, line: &Value) {
        let now = self.service.now();
        let text = |name: &str| line[name].as_str();
        let mut world = self.service.world();
        world.tell(now, || format!("  {line}"));
        let turn = TurnId::from_u64(0);
        let mut end = None;
        let kind = text("type").expect("each line has a type");
        self.may_be_refined &= !matches!(kind, "meta" | "delta");
        match kind {
            "meta" => {
                let id = text("conversation_id").map(ToOwned::to_owned);
                let named = id.clone().map(|id| ConversationId::new(id).expect("an id"));
                let is_replaced = self.conversation.is_some() && self.conversation != id;
                world.update(
                    &Update::Meta {
                        conversation_id: named.map(Cow::Owned),
                        is_replaced,
                    },
                    now,
                );
                self.conversation = id;
            }
            "delta" => {
                let text = text("text").expect("a delta has a text").into();
                world.update(&Update::Delta { text }, now);
            }
            "done" => end = (!self.may_be_refined).then_some(TurnEnd::Done),
            "human" => {
                let message = text("message").map(Cow::Borrowed);
                world.update(&Update::Human { message, ts: None }, now);
                (self.is_polling, self.may_be_refined) = (true, true);
                end = Some(TurnEnd::Human);
            }
            "recovered" => {
                let text = text("text").expect("it has a text");
                world.show_recovered(text, now);
                end = Some(TurnEnd::Recovered);
            }
            "message" => {
                let (id, content) = (text("id"), text("content"));
                let (id, content) = (id.expect("it has an id"), content.expect("and a text"));
                world.show_message(id, content, now);
            }
            "state" => self.is_polling = matches!(text("state"), Some("human" | "pending_human")),
            "delayed" if text("reason") != Some("rate_limited") => {
                world.connect(now);
            }
            "error" if line["status"] == 404 => {
                world.handoff_failed(now);
                self.is_polling = false;
            }
            "error" => {
                let message = text("message").expect("it has a message");
                let cause = Cause::from("as it was printed");
                end = Some(TurnEnd::Failed(match text("kind") {
                    Some("failed") => Failure::Service(message.into()),
                    Some("unreachable") => Failure::NotSent(cause),
                    _ => Failure::Unanswered(cause),
                }));
            }
            _ => {}
        }
        if let Some(end) = end {
            if matches!(end, TurnEnd::Failed(Failure::NotSent(_))) {
                world.connect(now);
            }
            let end = Cow::Owned(end);
            world.update(&Update::TurnEnded { turn, end }, now);
        }
    }
}
