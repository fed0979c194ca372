//! The table of places: as many columns as there is room for.

use std::fmt::{self, Formatter};

use super::report::Figures;
use super::steps::percent;
use crate::terminal::{FAINT, styled};

/// Columns before the names.
const INDENT: usize = 2;
/// Width of names with their branches, and where room is scarce: the longest is an operation of a layer, four levels
/// down.
const NAME: usize = 32;
const NARROW_NAME: usize = 28;
/// Cells of a bar.
const BAR: usize = 12;

/// What is told of a place behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Calls,
    Time,
    Share,
    Bar,
    Busy,
    Pace,
    Bandwidth,
    Limit,
}

impl Column {
    const ALL: [Column; 8] = {
        use Column::{Bandwidth, Bar, Busy, Calls, Limit, Pace, Share, Time};
        [Calls, Time, Share, Bar, Busy, Pace, Bandwidth, Limit]
    };
    /// Those that make room, the most dispensable first.
    const SPARED: [Column; 6] =
        [Column::Bar, Column::Bandwidth, Column::Pace, Column::Calls, Column::Busy, Column::Limit];

    const fn heading(self) -> &'static str {
        match self {
            Column::Calls => "calls",
            Column::Time => "ms",
            Column::Share => "share",
            Column::Bar => "",
            Column::Busy => "busy",
            Column::Pace => "GOPS",
            Column::Bandwidth => "GB/s",
            Column::Limit => "of limit",
        }
    }

    /// The distance to the column before is part of it.
    const fn width(self) -> usize {
        match self {
            Column::Calls | Column::Busy => 6,
            Column::Pace | Column::Bandwidth => 7,
            Column::Share => 8,
            Column::Time | Column::Limit => 10,
            Column::Bar => 2 + BAR,
        }
    }

    fn cell(self, of: &Figures) -> String {
        let share_of =
            |share: Option<f64>| share.map_or_else(String::new, |share| format!("{} %", percent(share)));
        match self {
            Column::Calls if of.calls > 0.0 => format!("{:.0}", of.calls),
            Column::Calls => String::new(),
            Column::Time => format!("{:.3}", of.ms),
            Column::Share => format!("{:.1} %", of.share * 100.0),
            Column::Bar => bar(of.share),
            Column::Busy => share_of(of.busy_share),
            Column::Pace => of.gops.map_or_else(String::new, |gops| format!("{gops:.0}")),
            Column::Bandwidth => of.gb_s.map_or_else(String::new, |gb_s| format!("{gb_s:.1}")),
            // Against what: a product of few rows waits for memory.
            Column::Limit => of.of_limit.zip(of.limited_by).map_or_else(String::new, |(share, by)| {
                format!("{} {}", share_of(Some(share)), if by == "memory" { "m" } else { "a" })
            }),
        }
    }
}

/// A table that fits.
#[derive(Debug)]
pub(crate) struct Table {
    name: usize,
    columns: Vec<Column>,
}

impl Table {
    /// Of at most `room` columns, of all that there are if that is none. Times and shares always stay.
    pub(crate) fn within(room: Option<usize>) -> Self {
        let fits = |name: usize, columns: &[Column]| {
            let width = INDENT + name + columns.iter().map(|column| column.width()).sum::<usize>();
            room.is_none_or(|room| width <= room)
        };
        let mut columns = Column::ALL.to_vec();
        let name = if fits(NAME, &columns) { NAME } else { NARROW_NAME };
        for spared in Column::SPARED {
            if fits(name, &columns) {
                break;
            }
            columns.retain(|&column| column != spared);
        }
        Table { name, columns }
    }

    /// The names of the columns, over the places that are `what`.
    pub(crate) fn heading(&self, f: &mut Formatter<'_>, what: &str) -> fmt::Result {
        writeln!(f, "{}", styled(FAINT, self.line(what, |column| column.heading().to_owned())))
    }

    /// A place.
    pub(crate) fn row(&self, f: &mut Formatter<'_>, name: &str, of: &Figures) -> fmt::Result {
        writeln!(f, "{}", self.line(name, |column| column.cell(of)))
    }

    fn line(&self, name: &str, cell: impl Fn(Column) -> String) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|&column| match (column, cell(column), column.width()) {
                (Column::Bar, bar, _) => format!("  {bar:<BAR$}"),
                (_, figure, width) => format!("{figure:>width$}"),
            })
            .collect();
        let line = format!("{:INDENT$}{name:<width$}{}", "", cells.concat(), width = self.name);
        line.trim_end().to_owned()
    }
}

/// What would be less than half a cell is none, for small shares are many here.
fn bar(share: f64) -> String {
    let filled = (0..BAR).filter(|&cell| share * BAR as f64 >= cell as f64 + 0.5).count();
    "█".repeat(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrower_it_is_the_less_is_told_and_times_stay() {
        struct Case {
            room: Option<usize>,
            heading: &'static str,
        }
        let case = |room, heading| Case { room, heading };
        for Case { room, heading } in [
            case(None, "calls ms share busy GOPS GB/s of limit"),
            case(Some(102), "calls ms share busy GOPS GB/s of limit"),
            case(Some(90), "calls ms share busy GOPS GB/s of limit"),
            case(Some(80), "calls ms share busy GOPS of limit"),
            case(Some(72), "calls ms share busy of limit"),
            case(Some(60), "ms share of limit"),
            case(Some(20), "ms share"),
        ] {
            let table = Table::within(room);
            let line = table.line("", |column| column.heading().to_owned());
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words.join(" "), heading, "{room:?}");
            assert!(room.is_none_or(|room| room < 60 || line.chars().count() <= room), "{room:?}: {line}");
            let has_bar = table.columns.contains(&Column::Bar);
            assert_eq!(has_bar, room.is_none_or(|room| room >= 98), "{room:?}");
        }
    }
}
