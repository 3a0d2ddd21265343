//! The page in a real browser, where there is one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amlkeys_conformance::{Format, Report};

use crate::samples::{hostile, recorded, written};

/// What Chromium is called by those who package it.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

#[test]
fn a_browser_shows_the_page_in_the_light_and_in_the_dark() {
    let Some(browser) = browser() else {
        #[allow(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("SKIPPED: the page in a browser needs one of {NAMES:?}");
        }
        return;
    };
    for (name, report) in [("hostile", hostile()), ("recorded", recorded())] {
        let light = Shot::take(&browser, name, &report, false);
        let dark = Shot::take(&browser, name, &report, true);
        assert!(light.brightness() > 170.0, "{name}: {}", light.brightness());
        assert!(dark.brightness() < 90.0, "{name}: {}", dark.brightness());
        for shot in [light, dark] {
            assert!(shot.colours() > 20, "{name}: the page is blank");
        }
    }
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut names = NAMES
        .iter()
        .flat_map(|name| places.iter().map(move |it| it.join(name)));
    names.find(|file| file.is_file())
}

/// A picture of the page.
struct Shot {
    pixels: Vec<u8>,
}

impl Shot {
    fn take(browser: &Path, name: &str, report: &Report, is_dark: bool) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
        let profile = folder.join(format!("profile-{name}-{is_dark}"));
        let _ = std::fs::remove_dir_all(&profile);
        std::fs::create_dir_all(&profile).unwrap();
        let page = folder.join(format!("{name}.html"));
        let picture = folder.join(format!(
            "{name}-{}.png",
            if is_dark { "dark" } else { "light" }
        ));
        std::fs::write(&page, written(report, Format::Html)).unwrap();
        let scheme = match is_dark {
            true => "preferredColorScheme=0",
            false => "preferredColorScheme=1",
        };
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args([
                "--disable-sync",
                "--hide-scrollbars",
                "--enable-logging=stderr",
            ])
            .arg("--window-size=1200,1600")
            // A page that asked for anything would be told that there is no network.
            .arg("--proxy-server=127.0.0.1:1")
            .arg(format!("--blink-settings={scheme}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", page.display()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("CONSOLE"), "{said}");
        Self {
            pixels: pixels(&picture),
        }
    }

    /// From 0 to 255.
    fn brightness(&self) -> f64 {
        let sum: f64 = self.pixels.iter().map(|it| f64::from(*it)).sum();
        sum / self.pixels.len() as f64
    }

    fn colours(&self) -> usize {
        let colours = self.pixels.chunks_exact(3);
        colours.collect::<std::collections::BTreeSet<_>>().len()
    }
}

fn pixels(picture: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(picture).unwrap());
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let pixels = pixels[..info.buffer_size()].chunks_exact(samples);
    pixels.flat_map(|pixel| pixel[..3].to_vec()).collect()
}
