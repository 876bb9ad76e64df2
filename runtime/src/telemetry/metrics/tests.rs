//! The documentation of the metrics, and the dashboard for Grafana that shows them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const DASHBOARD: &str = include_str!("../../../docs/grafana-dashboard.json");

/// A row of the table of the metrics.
struct Documented {
    is_histogram: bool,
    /// The values of each label; none for a label with any text.
    labels: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

fn documented() -> BTreeMap<&'static str, Documented> {
    let source = include_str!("../metrics.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | [`requires_auth_"));
    rows.map(|row| {
        let name = row.split('`').next().unwrap();
        let mut cells = row.split(" | ").skip(1);
        let is_histogram = cells.next().unwrap() == "histogram";
        let labels = cells.next().unwrap().split(';').filter_map(|label| {
            let mut words = label.split('`').skip(1).step_by(2);
            Some((words.next()?, words.collect()))
        });
        (name, Documented { is_histogram, labels: labels.collect() })
    })
    .collect()
}

/// The expressions of all panels.
fn expressions(dashboard: &Value) -> Vec<&str> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap()).collect()
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_lowercase() || character == '_'
}

/// The metrics of an expression without the prefix of the crate, each with its selector, which may be empty.
fn metrics_of(expression: &str) -> impl Iterator<Item = (&str, &str)> {
    expression.split("requires_auth_").skip(1).map(|rest| {
        let end = rest.find(|character| !is_of_name(character)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        (name, selector.map_or("", |(selector, _)| selector))
    })
}

#[test]
fn the_table_has_every_metric() {
    // R-K26
    let source = include_str!("../metrics.rs");
    let constants = source.lines().filter(|line| !line.starts_with("//!"));
    let names: BTreeSet<&str> =
        constants.flat_map(|line| line.split("\"requires_auth_").skip(1)).collect();
    let names: BTreeSet<&str> = names.iter().map(|name| name.split('"').next().unwrap()).collect();
    assert_eq!(names, documented().into_keys().collect());
    assert!(names.len() > 10, "{names:?}");
}

#[test]
fn the_dashboard_names_metrics_and_labels_that_exist() {
    // R-K26
    let documented = documented();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut shown = BTreeSet::new();
    for expression in expressions(&dashboard) {
        let mut labels = BTreeSet::new();
        for (name, selector) in metrics_of(expression) {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|it| name.strip_suffix(it));
            let histogram =
                base.filter(|base| documented.get(base).is_some_and(|it| it.is_histogram));
            let name = histogram.unwrap_or(name);
            let metric = documented.get(name).unwrap_or_else(|| panic!("{name}: {expression}"));
            assert_eq!(metric.is_histogram, histogram.is_some(), "{expression}");
            for matcher in selector.split(',').filter(|matcher| !matcher.is_empty()) {
                let (label, value) = matcher.split_once('=').unwrap();
                let values =
                    metric.labels.get(label).unwrap_or_else(|| panic!("{label}: {expression}"));
                let value = value.trim_matches('"');
                assert!(values.is_empty() || values.contains(value), "{value}: {expression}");
            }
            labels.extend(metric.labels.keys().copied());
            if metric.is_histogram {
                labels.insert("le");
            }
            shown.insert(name.to_owned());
        }
        for group in expression.split(" by (").skip(1) {
            let (group, _) = group.split_once(')').unwrap();
            for label in group.split(", ") {
                assert!(labels.contains(label), "{label}: {expression}");
            }
        }
    }
    let documented: BTreeSet<String> = documented.into_keys().map(str::to_owned).collect();
    assert_eq!(shown, documented, "every metric is in the dashboard");
}

#[test]
fn legends_name_labels_of_their_expression() {
    // R-K26
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["title"]);
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let grouped = expression.split_once(" by (").and_then(|(_, rest)| rest.split_once(')'));
            let grouped: Vec<&str> =
                grouped.map(|(group, _)| group.split(", ").collect()).unwrap_or_default();
            let legend = target["legendFormat"].as_str().unwrap();
            for label in legend.split("{{").skip(1) {
                let (label, _) = label.split_once("}}").unwrap();
                assert!(grouped.contains(&label), "{label}: {expression}");
            }
        }
    }
}
