//! Conditions as text: `[admin (read write)]` is `any("admin", all("read", "write"))`.

use std::collections::BTreeSet;

use requires_auth::Condition;

#[derive(Debug, Clone)]
pub enum Tree {
    Scope(String),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// Deeper groups are left out.
const MAX_DEPTH: usize = 24;

impl Tree {
    /// Reads any text: what is not closed ends at the end, and what was not opened is left out.
    pub fn parse(text: &str) -> Self {
        let mut open = vec![Self::All(Vec::new())];
        let mut word = String::new();
        for character in text.chars().chain([' ']) {
            if !" ()[]".contains(character) {
                word.push(character);
                continue;
            }
            if !word.is_empty() {
                push(&mut open, Self::Scope(std::mem::take(&mut word)));
            }
            match character {
                '(' | '[' if open.len() > MAX_DEPTH => {}
                '(' => open.push(Self::All(Vec::new())),
                '[' => open.push(Self::Any(Vec::new())),
                ')' | ']' => close(&mut open),
                _ => {}
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        match open.pop() {
            // One condition needs no group.
            Some(Self::All(mut conditions)) if conditions.len() == 1 => conditions.remove(0),
            Some(tree) => tree,
            None => unreachable!(),
        }
    }

    /// It lives as long as the process, since the conditions of an application do.
    pub fn leak(&self) -> Condition {
        let leak_all = |trees: &[Self]| &*Vec::from_iter(trees.iter().map(Self::leak)).leak();
        match self {
            Self::Scope(scope) => Condition::Scope(scope.clone().leak()),
            Self::All(trees) => Condition::All(leak_all(trees)),
            Self::Any(trees) => Condition::Any(leak_all(trees)),
        }
    }

    /// Every scope, in the order of the text.
    pub fn scopes(&self) -> Vec<&str> {
        match self {
            Self::Scope(scope) => vec![scope],
            Self::All(trees) | Self::Any(trees) => trees.iter().flat_map(Self::scopes).collect(),
        }
    }

    pub fn is_met(&self, holds: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Scope(scope) => holds(scope),
            Self::All(trees) => !trees.iter().any(|tree| !tree.is_met(holds)),
            Self::Any(trees) => !trees.iter().all(|tree| !tree.is_met(holds)),
        }
    }

    /// An upper bound of the number of alternatives.
    pub fn count(&self) -> usize {
        match self {
            Self::Scope(_) => 1,
            Self::Any(trees) => trees.iter().map(Self::count).fold(0, usize::saturating_add),
            Self::All(trees) => {
                trees.iter().map(|it| it.count().max(1)).fold(1, usize::saturating_mul)
            }
        }
    }

    /// The sets of scopes that meet it, in the order of the text, each scope once.
    pub fn alternatives(&self) -> Vec<Vec<&str>> {
        match self {
            Self::Scope(scope) => vec![vec![&**scope]],
            Self::Any(trees) => trees.iter().flat_map(Self::alternatives).collect(),
            Self::All(trees) => trees.iter().fold(vec![Vec::new()], |all, tree| {
                let further = tree.alternatives();
                let with = |left: &Vec<_>| Vec::from_iter(further.iter().map(|it| once(left, it)));
                all.iter().flat_map(with).collect()
            }),
        }
    }
}

/// The scopes of both, each once.
fn once<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    left.iter().chain(right).copied().filter(|scope| seen.insert(*scope)).collect()
}

fn push(open: &mut [Tree], tree: Tree) {
    if let Some(Tree::All(trees) | Tree::Any(trees)) = open.last_mut() {
        trees.push(tree);
    }
}

fn close(open: &mut Vec<Tree>) {
    if open.len() > 1 {
        let closed = open.pop().unwrap();
        push(open, closed);
    }
}
