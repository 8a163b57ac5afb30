use rocket::figment::{
    Figment, Profile,
    providers::{Format, Toml},
    value::Value,
};

use super::*;
use crate::transport::Transports;

fn figment(toml: &str) -> Figment {
    Figment::from(Toml::string(toml).nested()).select("default")
}

fn read(toml: &str) -> HubOptions {
    HubOptions::default().configured(&figment(toml), "ChatHub").unwrap()
}

fn refused(toml: &str) -> String {
    HubOptions::default().configured(&figment(toml), "ChatHub").unwrap_err().to_string()
}

#[test]
fn every_option_can_be_set() {
    let options = read(
        r#"
        [default.signalr]
        handshake_timeout = 1
        keep_alive_interval = 2.5
        client_timeout_interval = 3
        maximum_receive_message_size = "64KiB"
        enable_detailed_errors = true
        stream_buffer_capacity = 4
        maximum_parallel_invocations_per_client = 5
        stateful_reconnect_buffer_size = 6
        supported_protocols = ["messagepack"]
        property_naming = "AsIs"
        message_rate = { per_second = 7, burst = 8 }
        transports = ["WebSockets", "LongPolling"]
        web_socket_compression = true
        transport_max_buffer_size = 9
        application_max_buffer_size = "10B"
        slow_client_limit = "11MiB"
        transport_send_timeout = 12
        disconnect_timeout = 13
        poll_timeout = 14
        close_timeout = 0
        minimum_protocol_version = 1
        allow_stateful_reconnects = true
        close_on_authentication_expiration = true
        allowed_origins = ["https://example.org", "http://localhost:3000"]
        "#,
    );
    let expected = HubOptions {
        handshake_timeout: Duration::from_secs(1),
        keep_alive_interval: Duration::from_millis(2500),
        client_timeout_interval: Duration::from_secs(3),
        maximum_receive_message_size: Some(65_536),
        enable_detailed_errors: true,
        stream_buffer_capacity: 4,
        maximum_parallel_invocations_per_client: 5,
        stateful_reconnect_buffer_size: 6,
        supported_protocols: HubProtocols { message_pack: true, ..HubProtocols::NONE },
        property_naming: PropertyNaming::AsIs,
        message_rate: Some(MessageRate { per_second: 7, burst: 8 }),
        transports: Transports { server_sent_events: false, ..Transports::ALL },
        web_socket_compression: true,
        sub_protocol_selector: None,
        transport_max_buffer_size: 9,
        application_max_buffer_size: 10,
        slow_client_limit: 11 * 1024 * 1024,
        transport_send_timeout: Duration::from_secs(12),
        disconnect_timeout: Duration::from_secs(13),
        poll_timeout: Duration::from_secs(14),
        close_timeout: Duration::ZERO,
        minimum_protocol_version: 1,
        allow_stateful_reconnects: true,
        close_on_authentication_expiration: true,
        authorize: None,
        allowed_origins: AllowedOrigins::List(vec![
            "https://example.org".into(),
            "http://localhost:3000".into(),
        ]),
    };
    assert_eq!(format!("{options:?}"), format!("{expected:?}"));
}

#[test]
fn what_is_not_configured_stays_as_it_is_in_code() {
    let code = HubOptions { stream_buffer_capacity: 7, ..HubOptions::default() };
    for toml in ["", "[default.signalr]", "[default.signalr.hubs.ChatHub]", "[default]\nport = 1"] {
        let options = code.clone().configured(&figment(toml), "ChatHub").unwrap();
        assert_eq!(format!("{options:?}"), format!("{code:?}"), "{toml}");
    }
}

#[test]
fn hub_counts_more_than_all_and_all_more_than_code() {
    let figment = figment(
        "[default.signalr]\nstream_buffer_capacity = 2\npoll_timeout = 2\n\
         [default.signalr.hubs.ChatHub]\nstream_buffer_capacity = 3",
    );
    let code = HubOptions {
        stream_buffer_capacity: 1,
        poll_timeout: Duration::from_secs(1),
        close_timeout: Duration::from_secs(1),
        ..HubOptions::default()
    };
    let of = |name| {
        let options = code.clone().configured(&figment, name).unwrap();
        let times = [options.poll_timeout, options.close_timeout];
        (options.stream_buffer_capacity, times.map(|time| time.as_secs()))
    };
    assert_eq!(of("ChatHub"), (3, [2, 1]));
    assert_eq!(of("OtherHub"), (2, [2, 1]));
}

#[test]
fn profile_decides() {
    let toml = "[default.signalr]\npoll_timeout = 1\n[release.signalr]\npoll_timeout = 2";
    let figment = Figment::from(Toml::string(toml).nested());
    for (profile, seconds) in [("debug", 1), ("release", 2)] {
        let figment = figment.clone().select(Profile::new(profile));
        let options = HubOptions::default().configured(&figment, "ChatHub").unwrap();
        assert_eq!(options.poll_timeout, Duration::from_secs(seconds), "{profile}");
    }
}

#[test]
fn false_is_no_limit() {
    let options = read(
        "[default.signalr]\nmaximum_receive_message_size = false\nmessage_rate = false\n\
         transport_send_timeout = false",
    );
    assert_eq!(options.maximum_receive_message_size, None);
    assert_eq!(options.message_rate, None);
    assert_eq!(options.transport_send_timeout, Duration::MAX);
}

#[test]
fn zero_is_no_limit_of_a_buffer() {
    let options =
        read("[default.signalr]\ntransport_max_buffer_size = 0\napplication_max_buffer_size = 0");
    assert_eq!(options.transport_max_buffer_size, usize::MAX);
    assert_eq!(options.application_max_buffer_size, usize::MAX);
}

#[test]
fn origins_are_a_word_or_a_list() {
    for (toml, origins) in [
        ("\"SameOrigin\"", AllowedOrigins::SameOrigin),
        ("\"Any\"", AllowedOrigins::Any),
        ("[]", AllowedOrigins::List(Vec::new())),
    ] {
        let options = read(&format!("[default.signalr]\nallowed_origins = {toml}"));
        assert_eq!(options.allowed_origins, origins);
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    const SECONDS: &str = "expected a number of seconds, or false (for ever)";
    const BYTES: &str = "expected a number of bytes, such as 65536 or \"64KiB\"";
    for (toml, told) in [
        ("keep_alive = 5", "expected `one of `handshake_timeout`, `keep_alive_interval`, "),
        ("authorize = true", "unknown field: found `authorize`"),
        ("keep_alive_interval = \"5s\"", SECONDS),
        ("keep_alive_interval = -1", SECONDS),
        ("keep_alive_interval = -0.5", SECONDS),
        ("keep_alive_interval = inf", SECONDS),
        ("keep_alive_interval = true", SECONDS),
        ("maximum_receive_message_size = true", "expected a limit, or false (for none)"),
        ("maximum_receive_message_size = 1.5", "expected a limit, or false (for none)"),
        ("maximum_receive_message_size = -1", BYTES),
        ("maximum_receive_message_size = \"many\"", BYTES),
        ("slow_client_limit = false", BYTES),
        ("stream_buffer_capacity = -1", "expected usize"),
        ("enable_detailed_errors = 1", "expected a boolean"),
        ("supported_protocols = [\"xml\"]", "`json` or `messagepack`"),
        ("property_naming = \"snake\"", "`CamelCase` or `AsIs`"),
        ("message_rate = 5", "expected a table of per_second and burst"),
        ("message_rate = { per_second = 5 }", "missing field `burst`"),
        ("message_rate = { per_second = 5, burst = 5, per_day = 5 }", "found `per_day`"),
        ("transports = \"WebSockets\"", "expected a sequence"),
        ("transports = [\"Pigeons\"]", "`WebSockets`, `ServerSentEvents`, `LongPolling`"),
        ("allowed_origins = \"*\"", "expected \"SameOrigin\", \"Any\", or a list of origins"),
        ("allowed_origins = [1]", "expected a string"),
        ("hubs = 1", "expected a map"),
    ] {
        let option = toml.split(' ').next().unwrap();
        for section in ["signalr", "signalr.hubs.ChatHub", "signalr.hubs.OtherHub"] {
            let text = refused(&format!("[default.{section}]\n{toml}"));
            assert!(text.contains(told), "{text}");
            assert!(text.contains(&format!("for key \"default.{section}.{option}")), "{text}");
            assert!(text.ends_with("in TOML source string"), "{text}");
        }
    }
}

#[test]
fn rules_hold_wherever_an_option_was_set() {
    fn with(set: impl FnOnce(&mut HubOptions)) -> HubOptions {
        let mut options = HubOptions::default();
        set(&mut options);
        options
    }
    let origin = |origin: &str| AllowedOrigins::List(vec![origin.into()]);
    for (toml, code, told) in [
        (
            "supported_protocols = []",
            with(|options| options.supported_protocols = HubProtocols::NONE),
            "There are no supported protocols",
        ),
        (
            "maximum_parallel_invocations_per_client = 0",
            with(|options| options.maximum_parallel_invocations_per_client = 0),
            "`maximum_parallel_invocations_per_client` must be at least 1",
        ),
        (
            "stream_buffer_capacity = 0",
            with(|options| options.stream_buffer_capacity = 0),
            "`stream_buffer_capacity` must be at least 1",
        ),
        (
            "transport_send_timeout = 0",
            with(|options| options.transport_send_timeout = Duration::ZERO),
            "`transport_send_timeout` must be more than 0",
        ),
        (
            "maximum_receive_message_size = 0",
            with(|options| options.maximum_receive_message_size = Some(0)),
            "`maximum_receive_message_size` must be at least 1; false, in code None, is no limit",
        ),
        (
            "message_rate = { per_second = 0, burst = 1 }",
            with(|options| options.message_rate = Some(MessageRate { per_second: 1, burst: 0 })),
            "`message_rate` must allow at least 1 message per second, and 1 at once",
        ),
        (
            "allowed_origins = [\"https://example.org/\"]",
            with(|options| options.allowed_origins = origin("example.org")),
            "`allowed_origins` must be written as browsers do, such as https://example.org",
        ),
    ] {
        let error = code.configured(&Figment::new(), "ChatHub").unwrap_err();
        assert_eq!(error.to_string(), told);
        let option = toml.split(' ').next().unwrap();
        for section in ["signalr", "signalr.hubs.ChatHub"] {
            let text = refused(&format!("[default.{section}]\n{toml}"));
            let key = format!("for key \"default.{section}.{option}\" in TOML source string");
            assert_eq!(text, format!("{told} {key}"));
        }
    }
}

#[test]
fn hub_is_to_blame_before_all() {
    let text = refused(
        "[default.signalr]\nstream_buffer_capacity = 1\n\
         [default.signalr.hubs.ChatHub]\nstream_buffer_capacity = 0",
    );
    assert!(text.contains("default.signalr.hubs.ChatHub.stream_buffer_capacity"), "{text}");
}

#[test]
fn more_than_can_be_counted_is_no_limit() {
    let code = HubOptions {
        stream_buffer_capacity: usize::MAX,
        maximum_parallel_invocations_per_client: usize::MAX,
        ..HubOptions::default()
    };
    let options = code.configured(&Figment::new(), "ChatHub").unwrap();
    // Neither panics.
    let _ = tokio::sync::mpsc::channel::<()>(options.stream_buffer_capacity);
    let _ = Semaphore::new(options.maximum_parallel_invocations_per_client);
}

#[test]
fn environment_writes_tables_in_one_line() {
    let text = "{poll_timeout=1, hubs={ChatHub={transports=[WebSockets]}}}";
    let figment = figment("[default.signalr]\npoll_timeout = 5\nclose_timeout = 5");
    // What Rocket's provider of `ROCKET_SIGNALR` makes of it.
    let figment = figment.merge(("signalr", text.parse::<Value>().unwrap()));
    let options = HubOptions::default().configured(&figment, "ChatHub").unwrap();
    assert_eq!([options.poll_timeout, options.close_timeout].map(|time| time.as_secs()), [1, 5]);
    assert_eq!(options.transports, Transports { web_sockets: true, ..Transports::NONE });
}

#[test]
fn names_that_are_not_served_are_found() {
    let figment = figment("[default.signalr.hubs.ChatHub]\n[default.signalr.hubs.ChatHubb]");
    assert_eq!(unknown_names(&figment, &["Other", "ChatHub"]), ["ChatHubb"]);
}
