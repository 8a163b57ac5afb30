//! What Prometheus makes of a text.

use std::collections::BTreeMap;

use rocket_signalr::HubMetrics;

/// The samples of a Prometheus text, each by its name with all its labels.
#[derive(Debug, PartialEq)]
pub(crate) struct Samples(BTreeMap<String, f64>);

impl Samples {
    pub(crate) fn of(metrics: &HubMetrics) -> Self {
        Self::parse(&metrics.to_string())
    }

    /// Reads the text as strictly as the format is told (Prometheus text format 0.0.4): each family
    /// has its HELP and TYPE once, before all its samples, and no sample is there twice.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends, too");
        let mut samples = BTreeMap::new();
        let mut families = BTreeMap::new();
        let mut family = "";
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                family = help.split_once(' ').expect("a name and a text").0;
                assert_eq!(families.insert(family, ""), None, "{family} stands together");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a type");
                assert_eq!((name, families.insert(name, kind)), (family, Some("")));
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
                let (name, labels) = sample.split_once('{').expect("labels");
                let of_family = match families[family] {
                    "histogram" => ["_bucket", "_sum", "_count"]
                        .iter()
                        .any(|part| name.strip_suffix(part) == Some(family)),
                    _ => name == family,
                };
                assert!(of_family, "{line} in {family}");
                let labels = parse_labels(labels.strip_suffix('}').expect("the end of labels"));
                assert_eq!(labels.contains_key("le"), name.ends_with("_bucket"));
                let value: f64 = value.parse().expect("a number");
                let twice = samples.insert(sample.to_owned(), value);
                assert_eq!(twice, None, "{sample} stands there once");
            }
        }
        Self(samples)
    }

    /// The names of all, with their labels.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: Vec<_> = labels.iter().map(|(n, v)| format!("{n}=\"{v}\"")).collect();
        let sample = format!("{name}{{{}}}", labels.join(","));
        *self.0.get(&sample).unwrap_or_else(|| panic!("there is no {sample} in {self:#?}"))
    }
}

/// Labels and their values, with the escapes that the format knows.
fn parse_labels(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a name and a value");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
        let mut value = String::new();
        let mut characters = rest.char_indices();
        let end = loop {
            match characters.next().expect("the end of a value") {
                (at, '"') => break at,
                (_, '\\') => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                    other => panic!("{other:?} is not escaped"),
                },
                (_, character) => value.push(character),
            }
        };
        assert_eq!(labels.insert(name.to_owned(), value), None, "each label is there once");
        text = &rest[end + 1..];
        text = text.strip_prefix(',').unwrap_or(text);
    }
    labels
}
