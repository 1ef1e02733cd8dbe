//! Puts styles, fonts and scripts into the binary: Utrecht's components first, then our own rules, which
//! overrule them. The name of each file holds its hash, so that a browser may keep the file for ever. The files are
//! compressed here, as small as can be.

#![expect(clippy::disallowed_methods, reason = "cargo and a build script talk by variables and by stdout")]

use std::{env, error::Error, fmt::Write as _, fs, io::Write as _, path::Path};

use aws_lc_rs::digest::{SHA256, digest};

const COMPONENTS: [&str; 11] = [
    "alert-css",
    "button-css",
    "form-field-css",
    "form-field-error-message-css",
    "form-label-css",
    "heading-1-css",
    "heading-2-css",
    "heading-3-css",
    "link-css",
    "paragraph-css",
    "skip-link-css",
];
const FONTS: [&str; 2] = ["latin-400-normal", "latin-700-normal"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=package-lock.json");
    println!("cargo::rerun-if-changed=node_modules/.package-lock.json");
    println!("cargo::rerun-if-changed=locales");
    let modules = Path::new("node_modules");
    if !modules.is_dir() {
        return Err("gateway/node_modules is missing: run `make setup` (npm ci)".into());
    }
    let mut table = Table::default();
    let mut style = String::new();
    for font in FONTS {
        let file = format!("@fontsource/atkinson-hyperlegible/files/atkinson-hyperlegible-{font}.woff2");
        let path = table.add(&format!("{font}.woff2"), "font/woff2", &fs::read(modules.join(file))?)?;
        let weight = if font.contains("700") { 700 } else { 400 };
        writeln!(
            style,
            "@font-face{{font-family:'Atkinson Hyperlegible';font-weight:{weight};font-display:swap;\
             src:url('/assets/{path}') format('woff2')}}"
        )?;
    }
    for component in COMPONENTS.iter().chain(&["textbox-css"]) {
        style.push_str(&fs::read_to_string(
            modules.join("@utrecht").join(component).join("dist/index.min.css"),
        )?);
        style.push('\n');
    }
    for part in ["tokens.css", "layout.css", "components.css", "modes.css"] {
        style.push_str(&fs::read_to_string(Path::new("assets").join(part))?);
    }
    table.add("app.css", "text/css; charset=utf-8", style.as_bytes())?;
    table.add("app.js", "text/javascript; charset=utf-8", &fs::read("assets/app.js")?)?;
    table.add("favicon.svg", "image/svg+xml", &fs::read("assets/favicon.svg")?)?;
    table.write()
}

/// A list of the files, as Rust source that `src/assets.rs` includes.
#[derive(Default)]
struct Table(String);

impl Table {
    fn add(&mut self, name: &str, kind: &str, content: &[u8]) -> Result<String, Box<dyn Error>> {
        let hash = digest(&SHA256, content);
        let mut short = String::new();
        for byte in hash.as_ref().iter().take(6) {
            write!(short, "{byte:02x}")?;
        }
        let (stem, extension) = name.rsplit_once('.').ok_or("a file without extension")?;
        let path = format!("{stem}.{short}.{extension}");
        let file = Path::new(&env::var("OUT_DIR")?).join(&path);
        fs::write(&file, content)?;
        let (mut brotli, mut gzip) = (Vec::new(), Vec::new());
        // Fonts are compressed already.
        if !kind.starts_with("font/") {
            let best = brotli::enc::BrotliEncoderParams::default();
            brotli::BrotliCompress(&mut &*content, &mut brotli, &best)?;
            let mut encoder = flate2::write::GzEncoder::new(&mut gzip, flate2::Compression::best());
            encoder.write_all(content)?;
            encoder.finish()?;
        }
        fs::write(file.with_added_extension("br"), brotli)?;
        fs::write(file.with_added_extension("gz"), gzip)?;
        let file = file.display();
        writeln!(
            self.0,
            "    Asset {{ name: {name:?}, path: {path:?}, kind: {kind:?}, content: include_bytes!(\"{file}\"), \
                 brotli: include_bytes!(\"{file}.br\"), gzip: include_bytes!(\"{file}.gz\") }},"
        )?;
        Ok(path)
    }

    fn write(self) -> Result<(), Box<dyn Error>> {
        let source = format!("pub const ASSETS: &[Asset] = &[\n{}];\n", self.0);
        Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("assets.rs"), source)?)
    }
}
