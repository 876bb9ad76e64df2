//! Calls each target with the files of its corpus.

use std::fs;
use std::path::Path;

use fuzz_targets::TARGETS;

#[test]
fn every_target_accepts_the_files_of_its_corpus() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let corpus = corpora.join(target.name);
        let mut files: Vec<_> =
            fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{} is empty", corpus.display());
        for file in files {
            // The name of the file is on the line before the message of a panic.
            println!("{}", file.display());
            (target.run)(&fs::read(file).unwrap());
        }
    }
}
