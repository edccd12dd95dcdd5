//! Tables for people.
//!
//! The width comes from whoever prints: what a table looks like never depends on where it is made.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use crate::shown::escape_lines;

const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with a header.
///
/// A cell may hold several lines of ours; what comes from a directory has been escaped before, and
/// is once more, so that a forgotten cell can do no more than break a line.
pub(crate) fn table<const N: usize>(
    width: Option<u16>,
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = empty(width);
    table.set_header(header);
    table.add_rows(rows.into_iter().map(safe));
    printed(&table)
}

/// Names on the left, values on the right.
pub(crate) fn fields<'a>(
    width: Option<u16>,
    rows: impl IntoIterator<Item = (&'a str, String)>,
) -> String {
    let mut table = empty(width);
    table.add_rows(rows.into_iter().map(|(name, value)| safe([name.to_owned(), value])));
    printed(&table)
}

fn empty(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).force_no_tty();
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table
}

fn safe<const N: usize>(row: [String; N]) -> [String; N] {
    row.map(|cell| escape_lines(&cell))
}

/// Without the space that pads the last column.
fn printed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
