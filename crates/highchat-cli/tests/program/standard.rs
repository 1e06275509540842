//! Every command with standard input, output or error that is closed, full, a directory, a
//! socket, or non-blocking. Each run must end with a clear status, without a panic or an
//! endless loop.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use highchat_sandbox::{Playback, Sandbox, Step};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::ioctl_fionread;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::*;

/// Far longer than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The state of a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The descriptor is closed. The Rust library opens it as the null device.
    Closed,
    /// The device is full.
    Full,
    /// The descriptor is a directory, which is not open for writing.
    Directory,
    Socket,
    /// The descriptor is a non-blocking socket.
    NonBlocking,
}

const STATES: [State; 5] = [
    State::Closed,
    State::Full,
    State::Directory,
    State::Socket,
    State::NonBlocking,
];

/// Returns the command with one descriptor in this state. If the state is a socket, also
/// returns its other end.
fn with(command: &Command, descriptor: u8, state: State) -> (Command, Option<UnixStream>) {
    let redirection = match (state, descriptor) {
        (State::Closed, _) => format!("{descriptor}>&-"),
        (State::Full, 0) => "0</dev/full".into(),
        (State::Full, _) => format!("{descriptor}>/dev/full"),
        (State::Directory, _) => format!("{descriptor}</"),
        (State::Socket | State::NonBlocking, _) => String::new(),
    };
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if !matches!(state, State::Socket | State::NonBlocking) {
        return (shell, None);
    }
    let (theirs, ours) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(state == State::NonBlocking).unwrap();
    let theirs = Stdio::from(OwnedFd::from(theirs));
    match descriptor {
        0 => shell.stdin(theirs),
        1 => shell.stdout(theirs),
        _ => shell.stderr(theirs),
    };
    (shell, Some(ours))
}

/// Waits until the process ends by itself. Returns its exit status.
fn status(mut child: Child, what: &str) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the process does not end: {what}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every command that ends by itself, whether it reads standard input, and its usual exit
/// status.
struct Commands {
    _sandbox: Sandbox,
    commands: Vec<(Command, bool, i32)>,
}

impl Commands {
    fn new() -> Self {
        let sandbox = quick_sandbox();
        let url = sandbox.base_url();
        let asked = run(to("ask", url, &["բարև 👋", "--json"]));
        let end: serde_json::Value =
            serde_json::from_str(asked.stdout.lines().last().unwrap()).unwrap();
        let id = end["conversation_id"].as_str().unwrap();
        let check = ["sandbox", "--check", "--", env!("CARGO_BIN_EXE_highchat")];
        let commands = vec![
            (to("ask", url, &["բարև 👋"]), false, 0),
            (to("ask", url, &["-"]), true, 0),
            (to("chat", url, &[]), true, 0),
            (to("watch", url, &[id, "--json"]), false, 0),
            (to("rate", url, &[id, "up", "--json"]), false, 0),
            (highchat(["completions", "bash"]), false, 0),
            (highchat(["completions", "zsh"]), false, 0),
            (highchat(["sandbox", "--list-faults"]), false, 0),
            (highchat(["sandbox", "--list-readings"]), false, 0),
            (highchat(["--help"]), false, 0),
            (highchat(["ask", "--help"]), false, 0),
            (highchat(["--version"]), false, 0),
            // In these, the program itself makes no error, and the checked command or the
            // options are wrong.
            (highchat([&check[..], &["ask", "բարև"]].concat()), false, 0),
            (highchat(["sandbox", "--check", "--", "true"]), false, 1),
            (highchat(["sandbox", "--check", "--", "/չկա"]), false, 2),
            (highchat(["sandbox", "--script", "/չկա"]), false, 2),
            (highchat(["proxy"]), false, 2),
            (highchat(["ask"]), false, 2),
            (highchat(["ask", "--չկա"]), false, 2),
            (highchat([""; 0]), false, 2),
        ];
        Self {
            _sandbox: sandbox,
            commands,
        }
    }

    /// Runs each command with the descriptor in each state.
    fn each(&self, descriptor: u8, judge: impl Fn(&Command, bool, i32, State, Option<i32>)) {
        for (command, reads, usual) in &self.commands {
            for state in STATES {
                let (mut shell, socket) = with(command, descriptor, state);
                let (input, writer) = UnixStream::pair().unwrap();
                if *reads && descriptor != 0 {
                    shell.stdin(OwnedFd::from(input));
                }
                let child = shell.spawn().unwrap();
                // `shell` holds ends of the sockets, which would stay open.
                drop(shell);
                if let Some(socket) = socket {
                    if descriptor == 0 {
                        send(&socket);
                    } else {
                        thread::spawn(move || {
                            let _ = (&socket).read_to_end(&mut Vec::new());
                        });
                    }
                }
                send(&writer);
                let what = format!("{command:?}, {descriptor} is {state:?}");
                judge(command, *reads, *usual, state, status(child, &what));
            }
        }
    }
}

fn send(mut input: &UnixStream) {
    // A program that refused its input may have ended.
    let _ = input.write_all("բարև 👋\n".as_bytes());
    let _ = input.shutdown(Shutdown::Write);
}

#[test]
fn each_state_of_standard_input_gives_a_clear_status() {
    Commands::new().each(0, |command, reads, usual, state, status| {
        let is_chat = command.get_args().next().is_some_and(|name| name == "chat");
        let expected = match state {
            _ if !reads => usual,
            // An empty conversation is not an error.
            State::Closed if is_chat => 0,
            // The full device returns NUL bytes without end.
            State::Closed | State::Full | State::Directory => 2,
            State::Socket | State::NonBlocking => 0,
        };
        assert_eq!(status, Some(expected), "{command:?}, stdin is {state:?}");
    });
}

#[test]
fn each_state_of_standard_output_gives_a_clear_status() {
    Commands::new().each(1, |command, _, usual, state, status| {
        let arguments: Vec<_> = command.get_args().collect();
        // A check prints nothing on standard output, and the verdict ignores the status of
        // its command.
        let prints = usual == 0 && !arguments.contains(&"--check".as_ref());
        let expected = match state {
            State::Full | State::Directory if prints => 1,
            _ => usual,
        };
        assert_eq!(status, Some(expected), "{command:?}, stdout is {state:?}");
    });
}

#[test]
fn no_state_of_standard_error_changes_the_status() {
    Commands::new().each(2, |command, _, usual, state, status| {
        assert_eq!(status, Some(usual), "{command:?}, stderr is {state:?}");
    });
}

#[test]
fn a_write_error_of_standard_output_is_reported_on_standard_error() {
    for arguments in [
        &["--help"][..],
        &["completions", "bash"],
        &["sandbox", "--list-faults"],
    ] {
        let (mut command, _) = with(&highchat(arguments), 1, State::Full);
        let run = Run::from(command.stderr(Stdio::piped()).output().unwrap());
        assert_eq!(run.status, Some(1), "{arguments:?}");
        assert!(run.stderr.contains("No space left"), "{}", run.stderr);
    }
}

#[test]
fn a_closed_pipe_is_no_failure_of_help_and_lists() {
    for arguments in [
        &["--help"][..],
        &["completions", "bash"],
        &["sandbox", "--list-faults"],
    ] {
        let (theirs, ours) = UnixStream::pair().unwrap();
        drop(ours);
        let mut command = highchat(arguments);
        let command = command.stdout(OwnedFd::from(theirs)).stderr(Stdio::piped());
        let run = Run::from(command.output().unwrap());
        assert_eq!((run.status, &*run.stderr), (Some(0), ""), "{arguments:?}");
    }
}

/// A server must print its address to run.
#[test]
fn a_server_runs_unless_it_cannot_print_its_address() {
    let key = std::env::temp_dir().join(format!("highchat-key-{}", std::process::id()));
    std::fs::write(&key, KEY).unwrap();
    let key = key.to_str().unwrap();
    let servers = [
        highchat(["sandbox", "--port", "0"]),
        highchat(["proxy", "--listen", "127.0.0.1:0", "--key-file", key]),
    ];
    for server in &servers {
        for state in [State::Full, State::Directory] {
            let (mut command, _) = with(server, 1, state);
            let status = status(command.spawn().unwrap(), "a server");
            assert_eq!(status, Some(1), "{server:?}, stdout is {state:?}");
        }
        for descriptor in [0, 2] {
            for state in STATES {
                let (mut command, _socket) = with(server, descriptor, state);
                let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
                let mut line = String::new();
                let mut stdout = BufReader::new(child.stdout.take().unwrap());
                stdout.read_line(&mut line).unwrap();
                assert!(line.starts_with("listening on http://"), "{line}");
                let kill = Command::new("kill").arg(child.id().to_string()).status();
                assert!(kill.unwrap().success());
                let what = format!("{server:?}, {descriptor} is {state:?}");
                assert_eq!(status(child, &what), Some(143), "{what}");
            }
        }
    }
    std::fs::remove_file(key).unwrap();
}

#[test]
fn a_non_blocking_output_loses_nothing() {
    let text = "Բարև 👋 ".repeat(1000);
    let deltas = delta(&text).repeat(100);
    let service = play(stream(&format!("{}{deltas}{DONE}", meta("c1"))));
    let (theirs, mut ours) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let mut command = ask(&service, &["ա"]);
    let child = command.stdout(OwnedFd::from(theirs)).spawn().unwrap();
    drop(command);
    let mut read = String::new();
    ours.read_to_string(&mut read).unwrap();
    assert_eq!(status(child, "ask"), Some(0));
    assert!(
        read == format!("{}\n", text.repeat(100)),
        "{} bytes",
        read.len()
    );
}

#[test]
fn the_program_waits_for_a_non_blocking_input() {
    for command in ["ask", "chat"] {
        let reply = || vec![Step::send(stream(&format!("{}{DONE}", meta("c1"))))];
        let service = Playback::start([reply(), reply()]).unwrap();
        let (theirs, mut ours) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let mut program = to(command, service.base_url(), &[]);
        let queue = theirs.try_clone().unwrap();
        program.stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
        let child = program.spawn().unwrap();
        drop(program);
        let text = "բարև 👋 ".repeat(50);
        for letter in text.chars() {
            write!(ours, "{letter}").unwrap();
            // The next letter is written after the program has read this one, so that each
            // read finds no more.
            until(|| ioctl_fionread(&queue).unwrap() == 0);
        }
        ours.shutdown(Shutdown::Write).unwrap();
        assert_eq!(status(child, command), Some(0));
        assert!(body(&service).contains(&format!("\"{text}\"")));
    }
}

#[test]
fn an_unreadable_input_is_reported_once() {
    for arguments in [&["chat"][..], &["chat", "--json"], &["ask"]] {
        let service = play_each([]);
        let command = to(arguments[0], service.base_url(), &arguments[1..]);
        let (mut command, _) = with(&command, 0, State::Directory);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.status, Some(2), "{run:?}");
        assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains("cannot be read"), "{}", run.stderr);
        assert_eq!(service.connections(), 0);
    }
}

#[test]
fn a_byte_order_mark_is_removed_and_utf_16_is_refused() {
    let reply = || stream(&format!("{}{DONE}", meta("c1")));
    let utf_16 = |text: &str, of: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(of).collect()
    };
    for command in ["ask", "chat"] {
        let service = play_each([reply()]);
        let input = "\u{feff}բարև 👋\n".as_bytes();
        let marked = run_with_input(to(command, service.base_url(), &[]), input);
        assert_eq!(marked.status, Some(0), "{marked:?}");
        assert!(body(&service).contains("\"բարև 👋\""));
        for text in ["\u{feff}բարև 👋\nԱնի\n", "բարև 👋\nԱնի", "hello\nworld\n"] {
            for of in [u16::to_le_bytes, u16::to_be_bytes] {
                let service = play_each([]);
                let input = utf_16(text, of);
                let run = run_with_input(to(command, service.base_url(), &[]), &input);
                assert_eq!(run.status, Some(2), "{command} {text:?}: {run:?}");
                assert!(run.stderr.contains("UTF-16"), "{}", run.stderr);
                assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
                assert_eq!(service.connections(), 0, "{command} {text:?}");
            }
        }
    }
    let service = play_each([]);
    let command = to("chat", service.base_url(), &[]);
    let quit = run_with_input(command, "\u{feff}/quit\n".as_bytes());
    assert_eq!(quit.status, Some(0), "{quit:?}");
    assert_eq!(service.connections(), 0);
}

/// A pseudo-terminal without a person: the end to type into, and the end for a program.
fn terminal() -> (OwnedFd, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = open(
        name,
        OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .unwrap();
    (master, slave)
}

#[test]
fn a_chat_ends_when_its_terminal_is_gone() {
    for kind in ["xterm", "dumb"] {
        let sandbox = quick_sandbox();
        let (master, slave) = terminal();
        let mut command = to("chat", sandbox.base_url(), &[]);
        command.env("TERM", kind);
        command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave);
        let child = command.spawn().unwrap();
        drop(command);
        // Once the program has printed something, it uses the terminal. The terminal does
        // not control the program's session, so closing it causes no SIGHUP.
        let printed = rustix::io::read(&master, &mut [0; 1024]).unwrap();
        assert!(printed > 0);
        drop(master);
        assert!(
            status(child, kind).is_some(),
            "a signal ended the process: {kind}"
        );
    }
}

#[test]
fn a_terminal_without_a_size_and_without_answers_loses_no_key() {
    for kind in ["xterm", "dumb", ""] {
        let service = play_each([stream(&format!("{}{}{DONE}", meta("c1"), delta("ա")))]);
        let (master, slave) = terminal();
        let mut command = to("chat", service.base_url(), &[]);
        command.env("TERM", kind);
        command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave);
        let text = "շուտ գրված 👋 տող ".repeat(12);
        // Typed before the program starts.
        rustix::io::write(&master, format!("{text}\n").as_bytes()).unwrap();
        let child = command.spawn().unwrap();
        drop(command);
        // The output must be read, or the program would wait.
        let seen = master.try_clone().unwrap();
        thread::spawn(
            move || while rustix::io::read(&seen, &mut [0; 1024]).is_ok_and(|n| n > 0) {},
        );
        until(|| !service.requests().is_empty());
        assert!(body(&service).contains(&format!("\"{text}\"")), "{kind}");
        rustix::io::write(&master, b"\x04").unwrap();
        assert_eq!(status(child, kind), Some(0), "{kind}");
    }
}

#[test]
fn a_chat_reads_lines_from_a_terminal_in_each_state_of_its_outputs() {
    for descriptor in [1, 2] {
        for state in STATES {
            let service = play_each([stream(&format!("{}{}{DONE}", meta("c1"), delta("ա")))]);
            let (master, slave) = terminal();
            let chat = to("chat", service.base_url(), &[]);
            let (mut command, _socket) = with(&chat, descriptor, state);
            command.stdin(slave);
            let child = command.spawn().unwrap();
            drop(command);
            rustix::io::write(&master, "բարև 👋\n\u{4}".as_bytes()).unwrap();
            let what = format!("{descriptor} is {state:?}");
            let is_lost = descriptor == 1 && matches!(state, State::Full | State::Directory);
            assert_eq!(status(child, &what), Some(is_lost.into()), "{what}");
            assert!(body(&service).contains("\"բարև 👋\""), "{what}");
        }
    }
}
