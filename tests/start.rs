//! How the program starts, and what stops it: seen from outside, as its operator sees it.

#![allow(clippy::expect_used)] // a failed step fails the test

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A folder for one test, with the program in it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("signalbox-{name}-{}", std::process::id()));
        fs::create_dir_all(&place).expect("a folder for the test");
        Self(place)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
        command
            .current_dir(&self.0)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What a start says that is refused.
    fn refusal(&self, env: &[(&str, &str)]) -> String {
        let Output { status, stderr, .. } =
            self.command().envs(env.iter().copied()).output().expect("the program runs");
        assert_eq!(status.code(), Some(1));
        String::from_utf8(stderr).expect("text")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running program, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port().to_string()
}

#[test]
fn an_unknown_setting_is_named_with_the_one_that_was_meant() {
    let place = Place::new("unknown");
    for (name, value, text) in [
        (
            "ROCKET_ADRESS",
            "0.0.0.0",
            "ROCKET_ADRESS in the environment: did you mean ROCKET_ADDRESS?",
        ),
        (
            "SIGNALBOX_COLOUR",
            "red",
            "SIGNALBOX_COLOUR in the environment: known are SIGNALBOX_DATA_DIR, SIGNALBOX_DATABASE_URL",
        ),
        (
            "ROCKET_SHUTDOWN",
            "{graze=2}",
            "graze in ROCKET_SHUTDOWN in the environment: did you mean grace?",
        ),
    ] {
        let said = place.refusal(&[(name, value)]);
        assert!(said.contains(&format!("unknown setting {text}")), "{said}");
    }
    for (file, text) in [
        ("[default]\nprot = 1", "prot in Rocket.toml [default]: did you mean port?"),
        ("[defualt]\nport = 1", "[defualt] in Rocket.toml: did you mean [default]?"),
    ] {
        fs::write(place.0.join("Rocket.toml"), file).expect("writes the file");
        let said = place.refusal(&[]);
        assert!(said.contains(&format!("unknown setting {text}")), "{said}");
    }
}

#[test]
fn a_wrong_value_is_named() {
    let place = Place::new("wrong");
    for (name, value) in
        [("ROCKET_PORT", "eighty"), ("ROCKET_SECRET_KEY", "short"), ("RUST_LOG", "info,==")]
    {
        let said = place.refusal(&[(name, value)]);
        assert!(said.contains("wrong setting"), "{said}");
        let key = name.strip_prefix("ROCKET_").unwrap_or(name);
        assert!(said.contains(key), "{said}");
    }
    let said = place.refusal(&[("SIGNALBOX_DATABASE_URL", "mysql://host/db")]);
    assert!(said.contains("must begin with sqlite:// or postgres://"), "{said}");
    fs::write(place.0.join("Rocket.toml"), "port =").expect("writes the file");
    let said = place.refusal(&[]);
    assert!(said.contains("Rocket.toml"), "{said}");
}

#[test]
fn a_port_in_use_is_said() {
    let place = Place::new("port");
    let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = holder.local_addr().expect("its number").port().to_string();
    let said = place.refusal(&[("ROCKET_PORT", &port)]);
    assert!(said.contains("cannot listen") && said.contains("ROCKET_PORT"), "{said}");
}

#[test]
fn the_first_start_makes_the_keys_and_prints_the_staff_link() {
    let place = Place::new("first");
    let port = free_port();
    let link = || {
        let mut running =
            Running(place.command().env("ROCKET_PORT", &port).spawn().expect("the program runs"));
        let stdout = running.0.stdout.take().expect("its output");
        let found = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("Staff link: ")?.to_owned()));
        drop(running.0.kill());
        let mut log = String::new();
        if let Some(mut stderr) = running.0.stderr.take() {
            stderr.read_to_string(&mut log).expect("text");
        }
        (found.expect("the link is printed"), log)
    };
    let (first, log) = link();
    assert!(first.starts_with(&format!("http://localhost:{port}/staff?key=")));
    let key = fs::read_to_string(place.0.join("data/staff.key")).expect("the key is kept");
    assert!(first.ends_with(key.trim()));
    assert!(!log.contains(key.trim()), "the key is in the log");
    #[cfg(unix)]
    for name in ["staff.key", "secret.key"] {
        use std::os::unix::fs::PermissionsExt;
        let file = fs::metadata(place.0.join("data").join(name)).expect("the file exists");
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(link().0, first, "the second start keeps the key");
}

#[test]
fn the_hubs_are_printed_as_typescript() {
    let place = Place::new("typescript");
    let Output { status, stdout, .. } =
        place.command().arg("typescript").output().expect("the program runs");
    assert!(status.success());
    let text = String::from_utf8(stdout).expect("text");
    for line in [
        "  \"/hubs/time\": { methods: TimeHubMethods; events: TimeHubEvents };",
        "  Vote(poll: PollRef, choice: ChoiceRef): Promise<Receipt>;",
        "  Subscribe(source: string, since: number, epoch?: string | null): Promise<Snapshot>;",
        "  History(source: string, from: number, to: number): IStreamResult<Point>;",
        "  NewWindowLoaded(name?: string | null): Promise<Greeting>;",
        "  updateVotes(votes: Votes): void;",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!place.0.join("data").exists(), "nothing else was made");
}
