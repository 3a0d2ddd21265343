//! Columns for people: az's own table (knack, `_TableOutput`, and tabulate), and
//! one with a line for each value, for documents of which az's would show
//! nothing.

use serde_json::{Map, Value};

/// Which table a document gets. A query always gives `Rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// A line for each value of the document, its place first.
    Values,
    /// A line for each element, a column for each property.
    Rows,
}

impl Table {
    pub(crate) fn render(self, document: &Value) -> String {
        match self {
            Self::Values => columns(&values(document)),
            Self::Rows => columns(&rows(document)),
        }
    }
}

/// The cells of a line, by column.
type Row = Vec<(String, Value)>;

fn rows(document: &Value) -> Vec<Row> {
    match document {
        Value::Array(elements) => elements.iter().map(row).collect(),
        one => vec![row(one)],
    }
}

/// What az takes out of an element: no null, nothing nested, no `id`, `type`
/// and `etag`.
fn row(element: &Value) -> Row {
    let is_shown = |name: &str, value: &Value| {
        !matches!(name, "id" | "type" | "etag") && !value.is_null() && !is_nested(value)
    };
    match element {
        Value::Object(object) => object
            .iter()
            .filter(|(name, value)| is_shown(name, value))
            .map(|(name, value)| (capitalized(name), value.clone()))
            .collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| (format!("Column{}", index + 1), value.clone()))
            .collect(),
        scalar => vec![("Result".into(), scalar.clone())],
    }
}

fn is_nested(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

fn capitalized(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

fn values(document: &Value) -> Vec<Row> {
    let mut leaves = Vec::new();
    collect(String::new(), document, &mut leaves);
    let row = |(place, value)| {
        vec![
            ("Name".into(), Value::String(place)),
            ("Value".into(), value),
        ]
    };
    leaves.into_iter().map(row).collect()
}

fn collect(place: String, value: &Value, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(object) if !object.is_empty() => inside_object(&place, object, leaves),
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                collect(format!("{place}[{index}]"), value, leaves);
            }
        }
        Value::String(_) | Value::Null => leaves.push((place, value.clone())),
        other => leaves.push((place, other.to_string().into())),
    }
}

fn inside_object(place: &str, object: &Map<String, Value>, leaves: &mut Vec<(String, Value)>) {
    for (name, value) in object {
        let inner = match place {
            "" => name.clone(),
            place => format!("{place}.{name}"),
        };
        collect(inner, value, leaves);
    }
}

/// tabulate's `simple` format; an empty line if there is nothing to show.
fn columns(rows: &[Row]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return "\n".into();
    }
    let columns: Vec<Column> = names.iter().map(|name| Column::new(name, rows)).collect();
    let height = rows.len();
    let mut text = String::new();
    for line in 0..height + 2 {
        let cells: Vec<String> = columns.iter().map(|column| column.cell(line)).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A column with its head and the line below that.
struct Column {
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(name: &str, rows: &[Row]) -> Self {
        const HEAD_PADDING: usize = 2;

        let cell = |row: &Row| {
            let (_, value) = row.iter().find(|(column, _)| column == name)?;
            Some(value).filter(|it| !it.is_null()).map(text)
        };
        let cells: Vec<String> = rows
            .iter()
            .map(|row| cell(row).unwrap_or_default())
            .collect();
        let widest = cells
            .iter()
            .map(|cell| width(cell))
            .max()
            .unwrap_or_default();
        let column_width = widest.max(width(name) + HEAD_PADDING);
        let head = [name.to_owned(), "-".repeat(column_width)];
        Self {
            cells: head.into_iter().chain(cells).collect(),
            width: column_width,
        }
    }

    fn cell(&self, line: usize) -> String {
        format!("{:width$}", self.cells[line], width = self.width)
    }
}

/// What a cell shows: one line, and nothing that steers a terminal.
fn text(value: &Value) -> String {
    let text = python(value);
    let escaped = text.trim().chars().flat_map(|it| match it.is_control() {
        true => it.escape_default().collect::<Vec<char>>(),
        false => vec![it],
    });
    escaped.collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// A scalar as Python's `str` has it.
pub(crate) fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_of_values_names_the_place_of_each() {
        let document = json!({"a": null, "b": {"c": [{"d": "x\ny"}, true]}, "e": [], "f": {}});
        assert_eq!(
            Table::Values.render(&document),
            "Name      Value\n--------  -------\na\nb.c[0].d  x\\ny\nb.c[1]    true\ne         []\nf         {}\n"
        );
    }
}
