//! Where each exact line of `excerpts/` comes from.

use crate::release::{Cell, Column, ColumnKind, ExcerptFile, Rows, Table};

const fn column(name: &'static str, kind: ColumnKind, meaning: &'static str) -> Column {
    Column { name, kind, meaning }
}

const COLUMNS: [Column; 5] = [
    column("file", ColumnKind::Text, "File in excerpts/."),
    column("row", ColumnKind::Integer, "Line in that file, from 1."),
    column("exhibit", ColumnKind::Text, "Source that the line comes from; listed in sources.json."),
    column("line", ColumnKind::Integer, "Line in the source, from 1."),
    column("about", ColumnKind::Text, "What the file shows."),
];

/// `excerpts.csv`: one row for each line of the excerpts, in their order.
#[must_use]
pub fn excerpts_index(files: &[ExcerptFile]) -> Table {
    let mut rows = Rows::default();
    for file in files {
        for (row, line) in (1..).zip(&file.lines) {
            rows.push(vec![
                Cell::Text(file.name.clone()),
                Cell::Integer(row),
                Cell::Text(line.exhibit.clone()),
                Cell::Integer(line.number),
                Cell::Text(file.about.clone()),
            ]);
        }
    }
    let title = "Each exact line in excerpts/ with its place in the source.".to_owned();
    Table { name: "excerpts", title, columns: COLUMNS.into(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::{Audience, Node, Release};
    use crate::time::Stamp;

    #[test]
    fn each_line_has_its_source() {
        let lines = [
            ("wave-1-first.log", "The first failures.", "S01", 6204, "x"),
            ("wave-1-peak.log", "The peak.", "S02", 7, "y"),
        ];
        let release =
            Release::for_tests(Audience::Esp, "case", Stamp::from_seconds(0), Node::group([]), vec![], &lines);
        let table = excerpts_index(release.excerpts());
        assert_eq!(
            String::from_utf8(crate::tables::csv(&table)).as_deref(),
            Ok(
                "file,row,exhibit,line,about\nwave-1-first.log,1,S01,6204,The first failures.\nwave-1-peak.log,1,S02,7,The peak.\n"
            )
        );
    }
}
