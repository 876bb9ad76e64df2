//! A manifest as a page for a browser.

mod escape;
mod matrix;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::Manifest;
use escape::escape;
use matrix::Column;
use row::{Access, Row};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

impl Manifest {
    /// A page for a browser: the functions, and what each scope means for them.
    ///
    /// It is one file without external resources, for an archive or an artifact of a build. A `Content-Security-Policy`
    /// in it permits its own script and style only. The script filters and sorts; without it, the table is complete.
    ///
    /// ```no_run
    /// use requires_auth::Manifest;
    ///
    /// std::fs::write("manifest.html", Manifest::collect().to_html())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// In the row of a function, a scope is *required*, or in the *alternatives* with these numbers: a token needs all
    /// scopes of one number. *Also* marks a scope that satisfies the condition because it implies another one.
    #[must_use]
    pub fn to_html(&self) -> String {
        let rows: Vec<Row<'_>> = self.entries().iter().map(Row::new).collect();
        let columns = matrix::columns(self.entries().iter().map(|entry| entry.condition));
        let title = title(&rows);
        let mut page = String::new();
        page += "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
            source_of(SCRIPT),
            source_of(STYLE)
        );
        let _ = writeln!(
            page,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>{title}</h1>"
        );
        write_summary(&mut page, &rows, columns.len());
        page += "</header>\n<main>\n";
        page += FILTERS;
        page += LEGEND;
        write_functions(&mut page, &rows, &columns);
        write_scopes(&mut page, &rows, &columns);
        let _ = writeln!(page, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>");
        page
    }
}

/// Shown by the script.
const FILTERS: &str = r#"<div id="filters" role="search" aria-label="Filter the functions" hidden>
<label class="text">Text <input id="text" type="search" placeholder="path, file or condition" autocomplete="off" spellcheck="false"></label>
<label>Scope <select id="scope"><option value="">all</option></select></label>
<label>Kind <select id="kind"><option value="">all</option></select></label>
<label>Access <select id="access"><option value="">all</option></select></label>
<label class="narrow">Order <select id="order"></select></label>
<button id="reset" type="button">Reset</button>
<p id="count" role="status"></p>
</div>
"#;

const LEGEND: &str = r#"<dl class="legend" aria-label="Legend of the scopes">
<div class="wide"><dt><span class="mark required">●</span></dt><dd>required</dd></div>
<div><dt><span class="mark number">1</span> <span class="mark number">2</span></dt><dd>alternatives: all scopes with one number are enough</dd></div>
<div class="wide"><dt><span class="mark also">also</span></dt><dd>satisfies it too, because the scope implies a required one</dd></div>
</dl>
"#;

/// `Functions and required scopes of journal`, with the crates of the functions.
fn title(rows: &[Row<'_>]) -> String {
    // A resource of an MCP server is declared without a function.
    let names = rows.iter().map(Row::crate_name).filter(|name| !name.is_empty());
    let crates: BTreeSet<&str> = names.collect();
    if crates.is_empty() || crates.len() > 3 {
        return "Functions and required scopes".to_owned();
    }
    let crates: Vec<String> = crates.into_iter().map(escape).collect();
    format!("Functions and required scopes of {}", crates.join(", "))
}

fn write_summary(page: &mut String, rows: &[Row<'_>], scopes: usize) {
    page.push_str("<ul class=\"summary\">\n");
    let mut item = |class: &str, count: usize, one: &str, several: &str| {
        let noun = if count == 1 { one } else { several };
        let _ = writeln!(page, "<li class=\"{class}\"><b>{count}</b> {noun}</li>");
    };
    item("total", rows.len(), "function", "functions");
    for access in Access::ALL {
        let count = rows.iter().filter(|row| row.access == access).count();
        if count > 0 {
            item(access.class(), count, access.as_str(), access.as_str());
        }
    }
    let conditional = rows.iter().filter(|row| row.has_when()).count();
    if conditional > 0 {
        item(
            "conditional",
            conditional,
            "with a condition <code>when</code>",
            "with a condition <code>when</code>",
        );
    }
    item("total", scopes, "scope", "scopes");
    page.push_str("</ul>\n");
}

/// The roles are those that the elements have; a style that shows the rows as blocks would remove them.
fn write_functions(page: &mut String, rows: &[Row<'_>], columns: &BTreeMap<&str, Column>) {
    page.push_str(
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"caption\" tabindex=\"0\">\n\
         <table id=\"functions\" role=\"table\">\n\
         <caption id=\"caption\">Functions</caption>\n\
         <thead role=\"rowgroup\">\n<tr role=\"row\">\n",
    );
    for (class, name) in
        [("function", "Function"), ("source", "Source"), ("kind", "Kind"), ("requires", "Requires")]
    {
        let _ =
            writeln!(page, "<th scope=\"col\" role=\"columnheader\" class=\"{class}\">{name}</th>");
    }
    for (scope, column) in columns {
        let scope = escape(scope);
        let _ = write!(
            page,
            "<th scope=\"col\" role=\"columnheader\" class=\"scope\" data-scope=\"{scope}\""
        );
        if let Some(description) = column.description {
            let _ = write!(page, " title=\"{}\"", escape(description));
        }
        let _ = writeln!(page, "><span>{scope}</span></th>");
    }
    page.push_str("</tr>\n</thead>\n<tbody role=\"rowgroup\">\n");
    for row in rows {
        row.write(page, columns.keys().copied());
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

fn write_scopes(page: &mut String, rows: &[Row<'_>], columns: &BTreeMap<&str, Column>) {
    if columns.is_empty() {
        return;
    }
    page.push_str(
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"scopes\" tabindex=\"0\">\n<table class=\"scopes\">\n\
         <caption id=\"scopes\">Scopes</caption>\n\
         <thead>\n<tr>\n<th scope=\"col\">Scope</th>\n<th scope=\"col\">Functions</th>\n<th scope=\"col\">Implies</th>\n\
         <th scope=\"col\">Description</th>\n</tr>\n</thead>\n<tbody>\n",
    );
    for (scope, column) in columns {
        let functions = rows.iter().filter(|row| row.names(scope)).count();
        let implies: Vec<&str> = column.implies.iter().copied().collect();
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\"><code>{}</code></th><td class=\"figure\">{functions}</td><td>{}</td><td>{}</td></tr>",
            escape(scope),
            escape(&implies.join(", ")),
            escape(column.description.unwrap_or_default())
        );
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

/// The source of a `Content-Security-Policy` that permits this text in an element (CSP 3 §2.3.1).
fn source_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests;
