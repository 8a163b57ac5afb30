use proptest::prelude::*;

use super::*;

#[test]
fn times_are_texts() {
    let cases = [
        (0, 0, "1970-01-01T00:00:00Z"),
        (1_795_269_900, 250_000_000, "2026-11-21T14:05:00.25Z"),
        (951_827_696, 1, "2000-02-29T12:34:56.000000001Z"),
        (-1, 999_000_000, "1969-12-31T23:59:59.999Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
        (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
    ];
    for (seconds, nanoseconds, text) in cases {
        let time = Timestamp::from_epoch(seconds, nanoseconds).unwrap();
        assert_eq!(time.to_string(), text);
        assert_eq!(text.parse(), Ok(time));
        assert_eq!(time.since_epoch(), (seconds, nanoseconds));
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::to_string(&time).unwrap(), json);
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }
}

#[test]
fn texts_may_differ_in_form() {
    let time: Timestamp = "2026-11-21T14:05:00Z".parse().unwrap();
    for text in [
        "2026-11-21T14:05:00",
        "2026-11-21t14:05:00z",
        "2026-11-21T14:05:00.0000000000000Z",
        "2026-11-21T15:05:00+01:00",
        "2026-11-20T22:35:00-15:30",
    ] {
        assert_eq!(text.parse(), Ok(time), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "T",
        "2026-11-21",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.xZ",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00+1",
        "2026-01-01T00:00:00é",
        "2026-1-01T00:00:00Z",
        "+026-01-01T00:00:00Z",
        "2026-01-01-01T00:00:00Z",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
    }
}

proptest! {
    #[test]
    fn times_read_back(seconds in -62_135_596_800_i64..253_402_300_800, nanoseconds in 0_u32..1_000_000_000) {
        let time = Timestamp::from_epoch(seconds, nanoseconds).unwrap();
        prop_assert_eq!(time.to_string().parse(), Ok(time));
        let chrono = chrono::DateTime::from_timestamp(seconds, nanoseconds).unwrap();
        prop_assert_eq!(time.to_string().parse(), Ok(chrono));
    }

    #[test]
    fn garbage_does_no_harm(text in "[-0-9T:.Z+é]{0,40}") {
        let _ = text.parse::<Timestamp>();
    }
}
