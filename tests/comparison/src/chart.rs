//! Draws the figures of a comparison as a bar chart into the page of benchmarks.

use std::fmt::Write;
use std::path::Path;

/// The page, whose lines from `<!-- chart ID -->` to `<!-- end of chart -->` are replaced.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtime/docs/benchmarks.md");

const COLORS: [&str; 7] =
    ["#2f6fb0", "#c96a28", "#3f8f4f", "#8a63b5", "#a8862a", "#b04a5a", "#5f7d8c"];
const WIDTH: f64 = 800.0;
const BARS_FROM: f64 = 20.0;
/// The longest bar; the rest of the width is for its value.
const LONGEST: f64 = 690.0;
const BAR: f64 = 14.0;
const LINE: f64 = 20.0;

pub struct Chart<'a> {
    pub id: &'a str,
    pub title: &'a str,
    /// The name of each bar of a group.
    pub series: &'a [&'a str],
    pub groups: Vec<Group>,
    /// The decimal places of the values.
    pub digits: usize,
}

pub struct Group {
    pub name: String,
    pub values: Vec<f64>,
}

impl Chart<'_> {
    /// Replaces the chart in the page.
    pub fn draw(&self) {
        let page = Path::new(PAGE);
        let text = std::fs::read_to_string(page).expect("the page of benchmarks is there");
        let (begin, end) = (format!("<!-- chart {} -->\n", self.id), "<!-- end of chart -->");
        let (before, rest) = text.split_once(&begin).expect("the page has a place for the chart");
        let (_, after) = rest.split_once(end).expect("the place has an end");
        let drawn = format!("{before}{begin}{}{end}{after}", self.svg());
        std::fs::write(page, drawn).expect("the page can be written");
        println!("  drew the chart `{}` of runtime/docs/benchmarks.md", self.id);
    }

    /// Without an empty line, which would end a block of HTML in Markdown.
    fn svg(&self) -> String {
        let mut body = String::new();
        let mut y = LINE;
        text(&mut body, 0.0, y, true, self.title);
        for (index, name) in self.series.iter().enumerate() {
            y += LINE;
            bar(&mut body, y - BAR + 2.0, BAR, index);
            text(&mut body, BARS_FROM, y, false, name);
        }
        let values = self.groups.iter().flat_map(|group| &group.values);
        let largest = values.copied().fold(f64::MIN_POSITIVE, f64::max);
        for group in &self.groups {
            y += 1.6 * LINE;
            text(&mut body, 0.0, y, true, &group.name);
            for (index, value) in group.values.iter().enumerate() {
                y += LINE;
                let length = (value.max(0.0) / largest * LONGEST).max(1.0);
                bar(&mut body, y - BAR + 2.0, length, index);
                text(&mut body, length + 8.0, y, false, &format!("{value:.*}", self.digits));
            }
        }
        let height = y + LINE / 2.0;
        let title = self.title;
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\" \
             style=\"max-width: {WIDTH}px; width: 100%; font: 14px sans-serif\">\n{body}</svg>\n"
        )
    }
}

fn bar(body: &mut String, y: f64, width: f64, color: usize) {
    let color = COLORS[color % COLORS.len()];
    let _ = writeln!(
        body,
        "<rect y=\"{y:.0}\" width=\"{width:.0}\" height=\"{BAR}\" fill=\"{color}\"></rect>"
    );
}

/// In the colour of the page's text.
fn text(body: &mut String, x: f64, y: f64, bold: bool, content: &str) {
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        body,
        "<text x=\"{x:.0}\" y=\"{y:.0}\" fill=\"currentColor\"{weight}>{content}</text>"
    );
}
