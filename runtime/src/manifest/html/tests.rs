use super::*;
use crate::Condition::{self, All, Any, Scope, Typed};
use crate::ScopeDefinition;
use crate::manifest::{Entry, Kind};
use crate::policy::{TokenRequirement, UserAuthentication};

const READ: ScopeDefinition = ScopeDefinition::new(
    "journal::JournalScope",
    "entries:read",
    Some("Read your entries"),
    &[],
    &["entries:write", "admin"],
);
const WRITE: ScopeDefinition = ScopeDefinition::new(
    "journal::JournalScope",
    "entries:write",
    Some("Create & delete your entries"),
    &["entries:read"],
    &["admin"],
);

const STRICT: TokenRequirement = TokenRequirement {
    sender_constrained: true,
    authentication: UserAuthentication {
        acr_values: &["phr", "phrh"],
        max_age: Some(std::time::Duration::from_secs(300)),
    },
    ..TokenRequirement::NONE
};

fn entry(module: &str, name: &str, kind: Kind, condition: Condition) -> Entry {
    Entry {
        module: module.to_owned(),
        name: name.to_owned(),
        kind,
        file: "src/rest.rs",
        line: 7,
        condition,
        token: TokenRequirement::NONE,
        optional: false,
        scopes_from: None,
        when: None,
        guarded: true,
    }
}

fn manifest(entries: impl IntoIterator<Item = Entry>) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.entries.extend(entries);
    manifest
}

fn journal() -> Manifest {
    let either = Any(&[Scope("audit"), All(&[Typed(&READ), Scope("tags:read")])]);
    let handler = |name, condition| entry("journal::rest", name, Kind::Handler, condition);
    manifest([
        Entry { optional: true, ..handler("feed", Typed(&READ)) },
        handler("list_entries", Typed(&READ)),
        Entry {
            scopes_from: Some("scopes_of::<Entry>"),
            when: Some("entry.owner == auth.subject() && entry.title < \"<b>\""),
            ..handler("move_entry", All(&[Typed(&WRITE), Scope("tags:read")]))
        },
        handler("profile", Condition::NONE),
        Entry { token: STRICT, ..handler("statement", Condition::NONE) },
        Entry { token: STRICT, ..handler("transfer", Scope("pay")) },
        Entry::unguarded(Kind::Tool, "journal::mcp::Journal::health"),
        entry("journal::mcp::Journal", "create_entry", Kind::Tool, Typed(&WRITE)),
        entry("journal::mcp::Journal", "suggest_tags", Kind::Prompt, either),
    ])
}

/// The names and the attributes of all elements. Panics if an element has no end, or a text or an attribute has a
/// character that begins something else.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    const VOID: [&str; 3] = ["input", "meta", "wbr"];
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let (mut all, mut open) = (Vec::new(), Vec::new());
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains(['>', '\0']), "{text}");
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()), "before {rest}");
            continue;
        }
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut named = Vec::new();
        while !attributes.is_empty() {
            let (attribute, after) = attributes.split_once("=\"").unwrap_or((attributes, "\""));
            let (value, after) = after.split_once('"').unwrap();
            assert!(attribute.chars().all(|it| it.is_ascii_lowercase() || it == '-'), "{tag}");
            named.push((attribute.to_owned(), value.to_owned()));
            attributes = after.trim_start();
        }
        all.push((name.to_owned(), named));
        if name == "style" || name == "script" {
            let end = format!("</{name}>");
            rest = rest.split_once(&end).unwrap().1;
        } else if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert_eq!((rest, open), ("\n", Vec::<String>::new()));
    all
}

/// What is between two texts.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn the_page_is_the_reviewed_one() {
    // R-K20
    let page = journal().to_html();
    let body = between(&page, "</head>\n", "<script>");
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manifest/html/expected_body.html");
        std::fs::write(path, body).unwrap();
    } else {
        assert_eq!(body, include_str!("expected_body.html"), "run the test with UPDATE_EXPECT=1");
    }
    assert_eq!(page, journal().to_html());
}

#[test]
fn the_page_loads_nothing_and_runs_only_its_own_script() {
    // R-K20
    let page = journal().to_html();
    let of = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let script = of(between(&page, "<script>", "</script>"));
    let style = of(between(&page, "<style>", "</style>"));
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'"
    );
    let elements = elements(&page);
    // An element in front of the policy is not subject to it.
    let names: Vec<&str> = elements.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..4], ["html", "head", "meta", "meta"]);
    assert_eq!(elements[3].1[0], ("http-equiv".to_owned(), "Content-Security-Policy".to_owned()));
    assert_eq!(elements[3].1[1], ("content".to_owned(), policy));
    for (name, attributes) in &elements {
        assert!(!["img", "link", "iframe", "a", "base", "form"].contains(&name.as_str()), "{name}");
        for (attribute, _) in attributes {
            let loads = ["src", "href", "style", "action"].contains(&attribute.as_str());
            assert!(!loads && !attribute.starts_with("on"), "{name} {attribute}");
        }
    }
    for resource in ["url(", "@import", "http:", "https:", "//cdn", "</style", "</script"] {
        assert!(!STYLE.contains(resource) && !SCRIPT.contains(resource), "{resource}");
    }
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn no_text_of_the_program_is_interpreted() {
    // R-K20
    let hostile = "</script><script>alert(1)</script>\"' onload='x' &lt;\0\u{202e}\u{1b}\n-->";
    let shown = "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=&#39;x&#39; &amp;lt;\\u{0}\\u{202e}\\u{1b} --&gt;";
    let scope: &str = Box::leak(format!("\"><b>{hostile}").into_boxed_str());
    let page = manifest([Entry {
        file: hostile,
        scopes_from: Some(hostile),
        when: Some(hostile),
        ..entry(hostile, hostile, Kind::Tool, Scope(scope))
    }])
    .to_html();
    let harmless = Entry {
        scopes_from: Some("y"),
        when: Some("x"),
        ..entry("m", "n", Kind::Tool, Scope("s"))
    };
    let names = |page: &str| -> Vec<String> {
        elements(page).into_iter().map(|(name, _)| name).filter(|name| name != "wbr").collect()
    };
    assert_eq!(names(&page), names(&manifest([harmless]).to_html()));
    for (start, end) in [
        ("<span class=\"module\">", "::</span>"),
        ("<wbr><b>", "</b></th>"),
        ("<td role=\"cell\" class=\"source\">", ":7</td>"),
        ("<span class=\"keyword\">scopes_from</span> <code>", "</code></span>"),
        ("<span class=\"keyword\">when</span> <code>", "</code></span>"),
    ] {
        assert_eq!(between(&page, start, end).replace("<wbr>", ""), shown);
    }
    assert!(page.contains(&format!("data-scope=\"&quot;&gt;&lt;b&gt;{shown}\"")), "{page}");
}

#[test]
fn a_function_whose_scopes_depend_on_its_arguments_requires_scopes() {
    // R-K20
    let page = manifest([Entry {
        scopes_from: Some("scopes_of"),
        ..entry("m", "n", Kind::Handler, Condition::NONE)
    }])
    .to_html();
    assert!(page.contains("<td role=\"cell\" class=\"requires\"><span class=\"when\">"), "{page}");
    assert!(page.contains("data-access=\"scopes required\""), "{page}");
}

#[test]
fn an_empty_manifest_is_a_page() {
    // R-K20
    let page = manifest([]).to_html();
    assert!(elements(&page).iter().any(|(name, _)| name == "tbody"));
    assert!(page.contains("<title>Functions and required scopes</title>"));
    assert!(page.contains("<li class=\"total\"><b>0</b> functions</li>"));
}
