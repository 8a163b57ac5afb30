//! What is told in the end: a table, all samples as JSON, a drawing.

pub(crate) mod json;
pub(crate) mod svg;
pub(crate) mod table;

use crate::{
    cli::{Command, Options},
    client::Transport,
    http::Url,
    scenario::{Figure, Outcome},
};

#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) command: &'a Command,
    pub(crate) options: &'a Options,
    pub(crate) servers: Vec<Server>,
    pub(crate) turns: Vec<Turn>,
}

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) url: Url,
    pub(crate) pid: Option<u32>,
    /// The floor has but one.
    pub(crate) transport: Transport,
}

#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) round: u32,
    pub(crate) server: &'static str,
    pub(crate) outcome: Outcome,
}

impl Report<'_> {
    fn of<'a>(&'a self, server: &'a str) -> impl Iterator<Item = &'a Turn> {
        self.turns.iter().filter(move |turn| turn.server == server)
    }

    /// All figures that any turn has brought, each once.
    fn figures(&self) -> Vec<Figure> {
        let mut all: Vec<Figure> = Vec::new();
        for figure in self.turns.iter().flat_map(|turn| &turn.outcome.figures) {
            if all.iter().all(|known| known.name != figure.name) {
                all.push(*figure);
            }
        }
        all
    }

    /// A figure in each round of a server.
    fn samples(&self, server: &str, figure: &str) -> Vec<f64> {
        self.of(server).filter_map(|turn| turn.figure(figure)).collect()
    }

    /// Which server is set in relation to which.
    fn pairs(&self) -> Vec<(&'static str, &'static str)> {
        let names: Vec<_> = self.servers.iter().map(|server| server.name).collect();
        match names[..] {
            [first, second] => vec![(first, second)],
            [first, second, third] => vec![(first, second), (first, third), (second, third)],
            _ => Vec::new(),
        }
    }

    /// The relation of two servers in each round that has both.
    fn ratios(&self, pair: (&str, &str), figure: &str) -> Vec<f64> {
        let value = |server, round| {
            self.of(server).find(|turn| turn.round == round).and_then(|turn| turn.figure(figure))
        };
        (1..=self.options.rounds)
            .filter_map(|round| Some((value(pair.0, round)?, value(pair.1, round)?)))
            .filter(|&(_, below)| below > 0.0)
            .map(|(above, below)| above / below)
            .collect()
    }
}

impl Turn {
    fn figure(&self, name: &str) -> Option<f64> {
        let figures = &self.outcome.figures;
        figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}

/// The middle of some values and what they lie between.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&least, &most) = (sorted.first()?, sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Self { median, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[]), None);
        let odd = Spread::of(&[3.0, 1.0, 2.0]);
        assert_eq!(odd, Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0]).map(|spread| spread.median), Some(2.5));
    }
}
