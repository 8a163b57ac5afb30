//! The table on standard output, and warnings on standard error.

use super::{Report, Spread, Turn};

/// Busier than this, the generator is late itself.
const BUSY: f64 = 0.8;

/// Waiting longer for a core, it is late too.
const WAITED: f64 = 0.1;

/// With more of its time taken away, the machine says nothing.
const STEAL: f64 = 0.02;

pub(crate) fn print(report: &Report<'_>) {
    println!("{}", text(report));
    for warning in warnings(report) {
        eprintln!("{warning}");
    }
}

fn text(report: &Report<'_>) -> String {
    let mut rows = vec![head(report)];
    for figure in report.figures() {
        let mut row = vec![figure.name.to_owned(), figure.unit.to_owned()];
        for server in &report.servers {
            row.push(cell(&report.samples(server.name, figure.name)));
        }
        for pair in report.pairs() {
            row.push(cell(&report.ratios(pair, figure.name)));
        }
        rows.push(row);
    }
    format!("{}\n{}", title(report), align(&rows))
}

fn title(report: &Report<'_>) -> String {
    let options = report.options;
    let mut title = format!(
        "{}: {} clients, {}, {} s, {} {}\n",
        report.command.name(),
        grouped(options.connections.into()),
        options.protocol.name(),
        options.duration.as_secs_f64(),
        options.rounds,
        if options.rounds == 1 { "round" } else { "rounds: median (least–most)" },
    );
    for server in &report.servers {
        let transport = name(&server.transport);
        title.push_str(&format!("{:<6} {}, {transport}", server.name, server.url));
        if let Some(pid) = server.pid {
            title.push_str(&format!(", process {pid}"));
        }
        title.push('\n');
    }
    title
}

fn name(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn head(report: &Report<'_>) -> Vec<String> {
    let mut head = vec![String::new(), String::new()];
    head.extend(report.servers.iter().map(|server| server.name.to_owned()));
    head.extend(report.pairs().iter().map(|(above, below)| format!("{above} ÷ {below}")));
    head
}

fn cell(values: &[f64]) -> String {
    match Spread::of(values) {
        None => "–".into(),
        Some(spread) if values.len() == 1 => number(spread.median),
        Some(Spread { median, least, most }) => {
            format!("{} ({}–{})", number(median), number(least), number(most))
        }
    }
}

/// With three digits that say something, or all those before the point.
fn number(value: f64) -> String {
    // The place of the first digit, once it is rounded: 0 for 1 to 9.
    let first = format!("{value:.2e}").split_once('e').and_then(|(_, place)| place.parse().ok());
    let digits = (2 - first.unwrap_or(0_i32)).clamp(0, 9) as usize;
    if digits == 0 || value == 0.0 {
        grouped(value.round() as i64)
    } else {
        format!("{value:.digits$}")
    }
}

fn grouped(number: i64) -> String {
    let digits = number.abs().to_string();
    let mut grouped = String::from(if number < 0 { "-" } else { "" });
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Columns of one width: the first two to the left, the others to the right.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (n, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match n {
                0 => line.push_str(&format!("{cell:<width$}")),
                1 => line.push_str(&format!("  {cell:<width$}")),
                _ => line.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn warnings(report: &Report<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for turn in &report.turns {
        let Turn { round, server, outcome } = turn;
        for (cause, count) in outcome.faults.iter() {
            warnings.push(format!("{server}, round {round}: {cause}: {} ×", grouped(count as i64)));
        }
        if outcome.usage.effort.generator > BUSY {
            let percent = outcome.usage.effort.generator * 100.0;
            warnings.push(format!(
                "{server}, round {round}: a thread of the generator was busy for {percent:.0} % of \
                 the time: delays are its own too, and the server could do more"
            ));
        }
        if outcome.usage.effort.waited > WAITED {
            let percent = outcome.usage.effort.waited * 100.0;
            warnings.push(format!(
                "{server}, round {round}: a thread of the generator had to wait for a core for \
                 {percent:.0} % of the time: delays are its own too"
            ));
        }
        if outcome.usage.steal > STEAL {
            let percent = outcome.usage.steal * 100.0;
            warnings.push(format!(
                "{server}, round {round}: the machine's host took {percent:.0} % of its time: \
                 measure again"
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_say_something() {
        let shown = [0.0, 0.000_123_4, 0.99999, 2.34567, 23.4567, 234.567, 1_234_567.8].map(number);
        assert_eq!(shown, ["0", "0.000123", "1.00", "2.35", "23.5", "235", "1,234,568"]);
    }

    #[test]
    fn several_rounds_show_their_spread() {
        assert_eq!(cell(&[]), "–");
        assert_eq!(cell(&[2.0]), "2.00");
        assert_eq!(cell(&[2.0, 1.0, 4.0]), "2.00 (1.00–4.00)");
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "µs", "10"], ["bcd", "", "9"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(align(&rows), "a    µs  10\nbcd       9\n");
    }
}
