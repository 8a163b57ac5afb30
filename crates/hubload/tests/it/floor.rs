use std::{fs, process::Command};

use serde_json::Value;

use crate::{SHORT, every_scenario, server::Server, succeeds};

#[test]
fn every_scenario_runs_against_the_floor() {
    every_scenario(&Server::floor(), &[]);
}

#[test]
fn every_scenario_runs_with_messagepack() {
    every_scenario(&Server::floor(), &["--protocol", "messagepack"]);
}

#[test]
fn connections_need_no_negotiation() {
    every_scenario(&Server::floor(), &["--skip-negotiation"]);
}

#[test]
fn the_file_limit_is_raised() {
    let command = format!("ulimit -Sn 256 && exec {} floor", env!("CARGO_BIN_EXE_hubload"));
    let floor = Server::start(Command::new("sh").args(["-c", &command]));
    let limits = fs::read_to_string(format!("/proc/{}/limits", floor.pid())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let limits: Vec<_> = files.split_whitespace().collect();
    assert_eq!(limits[0], limits[1], "soft and hard");
}

#[test]
fn threads_share_every_scenario() {
    every_scenario(&Server::floor(), &["--threads", "3"]);
}

#[test]
fn everything_counts_once_on_however_many_threads() {
    let floor = Server::floor();
    // In 0.4 s, of which 0.1 s are not measured.
    let broadcast: &[&str] = &["broadcast", "--burst", "5", "--rate", "100"];
    let echo: &[&str] = &["echo", "--rate", "100"];
    for threads in ["1", "3"] {
        assert_eq!(
            counts(&floor, broadcast, threads),
            [("delivery".into(), 600), ("burst".into(), 6)]
        );
        assert_eq!(counts(&floor, echo, threads), [("answer".into(), 30)]);
    }
}

#[test]
fn rates_are_of_the_whole_time_that_is_measured() {
    let floor = Server::floor();
    for scenario in ["broadcast", "echo"] {
        // The second and last of two is due in the middle of the second.
        let few = [scenario, "-n", "3", "--rate", "2", "--duration", "1", "--warm-up", "0"];
        let seconds = turn(&floor, "rates", &few)["usage"]["seconds"].as_f64().unwrap();
        assert!(seconds > 0.9, "{scenario}: {seconds} s");
    }
}

/// How many delays of what were recorded.
fn counts(server: &Server, scenario: &[&str], threads: &str) -> Vec<(String, u64)> {
    let turn = turn(server, "counts", &[scenario, &SHORT, &["--threads", threads]].concat());
    let delays = turn["delays"].as_array().unwrap();
    let count = |delays: &Value| {
        let all = [&delays["recorded"], &delays["points"]].map(|all| all.as_array().unwrap());
        let recorded = all[0].iter().map(|step| step[1].as_u64().unwrap()).sum::<u64>();
        let over_time = all[1].iter().map(|point| point["count"].as_u64().unwrap()).sum::<u64>();
        assert_eq!(recorded, over_time);
        recorded
    };
    delays.iter().map(|it| (it["of"].as_str().unwrap().to_owned(), count(it))).collect()
}

/// What is written of a run's only turn. No two tests may give it the same name.
fn turn(server: &Server, name: &str, arguments: &[&str]) -> Value {
    let json = format!("{}/{name}.json", env!("CARGO_TARGET_TMPDIR"));
    succeeds(&[arguments, &["--url", &server.hub(), "--json", &json]].concat());
    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    report["turns"][0].clone()
}

#[test]
fn clients_that_do_not_read_are_no_fault() {
    let (floor, hub) = (Server::floor(), Server::hub);
    // The kernel alone takes some megabytes for each client.
    let adverse = ["adverse", "--stuck", "10", "--size", "100000", "--rate", "200"];
    let table = succeeds(&[&adverse, &SHORT[..], &["--url", &hub(&floor)]].concat());
    let row = table.lines().find(|line| line.starts_with("clients that do not read")).unwrap();
    assert!(row.ends_with("2.00"), "{row}");
}

#[test]
fn servers_take_turns_and_all_samples_are_written() {
    let (first, second) = (Server::floor(), Server::floor());
    let folder = env!("CARGO_TARGET_TMPDIR");
    let (json, svg) = (format!("{folder}/turns.json"), format!("{folder}/turns.svg"));
    let (pid, compare_pid) = (first.pid().to_string(), second.pid().to_string());
    let turns = [
        ["--url", &first.hub()],
        ["--pid", &pid],
        ["--compare", &second.hub()],
        ["--compare-pid", &compare_pid],
        ["--rounds", "2"],
        ["--json", &json],
        ["--svg", &svg],
    ];
    let table = succeeds(&[&["broadcast", "--floor"], &SHORT[..], turns.as_flattened()].concat());
    for column in ["A ÷ B", "A ÷ floor", "B ÷ floor"] {
        assert!(table.contains(column), "{table}");
    }

    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let turns = report["turns"].as_array().unwrap();
    let order: Vec<_> = turns.iter().map(|turn| turn["server"].as_str().unwrap()).collect();
    assert_eq!(order, ["A", "B", "floor", "A", "B", "floor"]);
    for turn in turns {
        // 0.3 s of 20 a second, each to 20.
        let recorded = turn["delays"][0]["recorded"].as_array().unwrap();
        let count: u64 = recorded.iter().map(|step| step[1].as_u64().unwrap()).sum();
        assert_eq!(count, 120);
        assert!(turn["usage"]["cpu"].is_number());
    }
    let ratios = report["ratios"].as_array().unwrap();
    let delay = |ratio: &&Value| ratio["name"] == "delay p50";
    assert_eq!(ratios.iter().find(delay).unwrap()["rounds"].as_array().unwrap().len(), 2);
    assert!(fs::read_to_string(&svg).unwrap().contains("<polyline points="));
}
