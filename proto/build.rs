//! Compiles the contract to Rust types, clients and servers, and to the descriptors that hold the access
//! rules.

#![expect(clippy::disallowed_methods, reason = "a build script gets its folders from the environment")]

#[path = "build/reasons.rs"]
mod reasons;

use std::{env, error::Error, fs, path::PathBuf};

/// Every file of the contract. The folders are read, so that a new file needs no line here.
fn files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for package in fs::read_dir("zorgportaal")? {
        for file in fs::read_dir(package?.path().join("v1"))? {
            found.push(file?.path());
        }
    }
    found.sort();
    Ok(found)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=zorgportaal");
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(false);
    compiler.open_files(files()?)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    fs::write(out.join("reasons.rs"), reasons::generate(&compiler.descriptor_pool())?)?;
    let mut config = prost_build::Config::new();
    config.enable_type_names().type_name_domain(["."], "type.googleapis.com");
    tonic_prost_build::configure().compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    Ok(())
}
