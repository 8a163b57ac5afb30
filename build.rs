//! Rebuilds when a file that is embedded appears or goes, and says what to do when the
//! pages' scripts and styles are not built yet.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=static/dist");
    if !Path::new("static/dist/app.css").exists() {
        eprintln!("The pages' scripts and styles are missing: run `make assets` first.");
        std::process::exit(1);
    }
}
