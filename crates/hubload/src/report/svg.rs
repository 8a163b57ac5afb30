//! A drawing of the delays: how many were longer than what, and how they went over time. Written
//! by hand: two kinds of curves need no library.

use std::{fmt::Write, fs, path::Path};

use super::{Report, Turn};

pub(crate) fn write(report: &Report<'_>, path: &Path) -> Result<(), String> {
    fs::write(path, draw(report)).map_err(|error| format!("{}: {error}", path.display()))
}

/// A panel, in pixels.
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 50.0;

/// From panel to panel.
const ACROSS: f64 = LEFT + WIDTH;
const DOWN: f64 = TOP + HEIGHT + 50.0;

/// Of the servers, in their order. To be told apart by the colour-blind too (Okabe and Ito).
const COLOURS: [&str; 3] = ["#0072b2", "#d55e00", "#009e73"];

/// Where the percentiles are marked: at the share of delays that are longer.
const LONGER: [(f64, &str); 5] =
    [(1.0, "0 %"), (0.1, "90 %"), (0.01, "99 %"), (0.001, "99.9 %"), (0.0001, "99.99 %")];

fn draw(report: &Report<'_>) -> String {
    let kinds: Vec<&str> = report
        .turns
        .first()
        .map_or_else(Vec::new, |turn| turn.outcome.delays.iter().map(|(kind, _)| *kind).collect());
    let (width, height) = (2.0 * ACROSS + 20.0, DOWN * kinds.len().max(1) as f64 + 30.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (n, server) in report.servers.iter().enumerate() {
        let (x, colour) = (LEFT + n as f64 * 300.0, COLOURS[n % COLOURS.len()]);
        let url = escape(&server.url.to_string());
        let label = format!("{}: {url}", server.name);
        put(&mut svg, &format!("<text x=\"{x}\" y=\"20\" fill=\"{colour}\">{label}</text>"));
    }
    for (row, kind) in kinds.iter().enumerate() {
        let y = TOP + row as f64 * DOWN;
        let longest = report.turns.iter().filter_map(|turn| longest(turn, kind)).max();
        // Whole powers of ten of milliseconds, from 0.1 on.
        let decades = (longest.unwrap_or(1) as f64 / 100.0).log10().ceil().clamp(1.0, 7.0);
        let scale = Scale { decades };
        percentiles(&mut svg, report, kind, (LEFT, y), scale);
        over_time(&mut svg, report, kind, (LEFT + ACROSS, y), scale);
    }
    svg.push_str("</svg>\n");
    svg
}

fn longest(turn: &Turn, kind: &str) -> Option<u64> {
    recorded(turn, kind).last().map(|&(micros, _)| micros)
}

fn recorded(turn: &Turn, kind: &str) -> Vec<(u64, u64)> {
    let delays = turn.outcome.delays.iter().find(|(name, _)| *name == kind);
    delays.map_or_else(Vec::new, |(_, delays)| delays.recorded())
}

/// Where a delay stands on a logarithmic axis.
#[derive(Clone, Copy)]
struct Scale {
    decades: f64,
}

impl Scale {
    fn height(self, micros: u64) -> f64 {
        let place = (micros.max(100) as f64 / 100.0).log10() / self.decades;
        HEIGHT - HEIGHT * place.min(1.0)
    }
}

/// All rounds of a server together: the share of delays that were longer than each.
fn percentiles(svg: &mut String, report: &Report<'_>, kind: &str, at: (f64, f64), scale: Scale) {
    frame(svg, &format!("{kind}: percentiles"), at, scale);
    let place = |longer: f64| WIDTH * -longer.log10() / 4.0;
    for (longer, label) in LONGER {
        let x = place(longer);
        line(svg, at, (x, 0.0), (x, HEIGHT));
        text(svg, at, (x, HEIGHT + 16.0), "middle", label);
    }
    for (n, server) in report.servers.iter().enumerate() {
        let mut delays: Vec<_> =
            report.of(server.name).flat_map(|turn| recorded(turn, kind)).collect();
        delays.sort_unstable();
        let all: u64 = delays.iter().map(|(_, count)| count).sum();
        let mut before = 0;
        let mut points = Vec::new();
        for (micros, count) in delays {
            let longer = (all - before) as f64 / all as f64;
            if longer >= 0.0001 {
                points.push((place(longer), scale.height(micros)));
            }
            before += count;
        }
        curve(svg, at, &points, COLOURS[n % COLOURS.len()], "");
    }
}

/// Median (dashed) and 99th percentile in the last round of each server.
fn over_time(svg: &mut String, report: &Report<'_>, kind: &str, at: (f64, f64), scale: Scale) {
    frame(svg, &format!("{kind}: median (dashed) and 99 % over time, last round"), at, scale);
    let points = |server: &str| {
        let last = report.of(server).last();
        let delays = last.and_then(|turn| turn.outcome.delays.iter().find(|it| it.0 == kind));
        delays.map_or_else(Vec::new, |(_, delays)| delays.points().to_vec())
    };
    let servers: Vec<_> = report.servers.iter().map(|server| points(server.name)).collect();
    let seconds = servers.iter().flatten().map(|point| point.seconds).fold(0.001, f64::max);
    for n in 0_u32..=5 {
        let x = WIDTH * f64::from(n) / 5.0;
        line(svg, at, (x, 0.0), (x, HEIGHT));
        let label = format!("{:.1} s", seconds * f64::from(n) / 5.0);
        text(svg, at, (x, HEIGHT + 16.0), "middle", &label);
    }
    for (n, points) in servers.iter().enumerate() {
        let colour = COLOURS[n % COLOURS.len()];
        let along = |value: fn(&crate::measure::Point) -> u64| -> Vec<_> {
            points
                .iter()
                .filter(|point| point.count > 0)
                .map(|point| (WIDTH * point.seconds / seconds, scale.height(value(point))))
                .collect()
        };
        curve(svg, at, &along(|point| point.p99), colour, "");
        curve(svg, at, &along(|point| point.p50), colour, " stroke-dasharray=\"4 3\"");
    }
}

fn frame(svg: &mut String, title: &str, at: (f64, f64), scale: Scale) {
    text(svg, at, (0.0, -8.0), "start", title);
    for decade in 0..=scale.decades as u32 {
        let micros = 100 * 10_u64.pow(decade);
        let y = scale.height(micros);
        line(svg, at, (0.0, y), (WIDTH, y));
        let label = match micros {
            100 => "0.1 ms".into(),
            1_000..1_000_000 => format!("{} ms", micros / 1_000),
            _ => format!("{} s", micros / 1_000_000),
        };
        text(svg, at, (-6.0, y + 4.0), "end", &label);
    }
}

fn line(svg: &mut String, at: (f64, f64), from: (f64, f64), to: (f64, f64)) {
    let ((x, y), (ax, ay), (bx, by)) = (at, from, to);
    let (x1, y1, x2, y2) = (x + ax, y + ay, x + bx, y + by);
    put(
        svg,
        &format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>"
        ),
    );
}

fn text(svg: &mut String, at: (f64, f64), place: (f64, f64), anchor: &str, text: &str) {
    let (x, y, text) = (at.0 + place.0, at.1 + place.1, escape(text));
    put(svg, &format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
}

fn curve(svg: &mut String, at: (f64, f64), points: &[(f64, f64)], colour: &str, style: &str) {
    let mut path = String::new();
    for (x, y) in points {
        // Writing to memory cannot fail.
        let _ = write!(path, "{:.1},{:.1} ", at.0 + x, at.1 + y);
    }
    let path = path.trim_end();
    put(
        svg,
        &format!(
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" \
             stroke-width=\"1.5\"{style}/>"
        ),
    );
}

fn put(svg: &mut String, element: &str) {
    svg.push_str(element);
    svg.push('\n');
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
