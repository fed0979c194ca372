//! Makes a picture of what a program wrote to a terminal: colours and all, from standard input to an SVG on standard
//! output. The argument is the command line that is shown above it. `docs/terminal/make` uses it for docs/images.
//!
//!     ash-nlp analyze hello --color always | cargo run --example terminal_svg -- 'ash-nlp analyze hello' > a.svg

use std::io::{Read, Write};

use anstyle::{Color, RgbColor};
use anstyle_svg::{Palette, Term};

/// A dark ground of its own, so that the picture reads the same on light and on dark pages; each colour but black
/// has at least 4.5 : 1 against it (WCAG 2, contrast).
const GROUND: Color = Color::Rgb(RgbColor(0x16, 0x1b, 0x22));
const TEXT: Color = Color::Rgb(RgbColor(0xe6, 0xed, 0xf3));
const COLOURS: Palette = Palette([
    RgbColor(0x48, 0x4f, 0x58),
    RgbColor(0xff, 0x7b, 0x72),
    RgbColor(0x56, 0xd3, 0x64),
    RgbColor(0xe3, 0xb3, 0x41),
    RgbColor(0x79, 0xc0, 0xff),
    RgbColor(0xd2, 0xa8, 0xff),
    RgbColor(0x56, 0xd4, 0xdd),
    RgbColor(0xe6, 0xed, 0xf3),
    RgbColor(0x8b, 0x94, 0x9e),
    RgbColor(0xff, 0xa1, 0x98),
    RgbColor(0x7e, 0xe7, 0x87),
    RgbColor(0xf2, 0xcc, 0x60),
    RgbColor(0xa5, 0xd6, 0xff),
    RgbColor(0xe2, 0xc5, 0xff),
    RgbColor(0xb3, 0xf0, 0xff),
    RgbColor(0xff, 0xff, 0xff),
]);

fn main() -> std::io::Result<()> {
    let mut shown = String::new();
    if let Some(command) = std::env::args().nth(1) {
        shown = format!("\x1b[2m$\x1b[0m \x1b[1m{command}\x1b[0m\n");
    }
    std::io::stdin().read_to_string(&mut shown)?;
    // A terminal ends lines with two characters.
    let shown = shown.replace('\r', "");
    let picture = Term::new().palette(COLOURS).fg_color(TEXT).bg_color(GROUND).min_width_px(0);
    // Faint text would be too faint to read at 0.4.
    let picture = picture
        .render_svg(shown.trim_end())
        .replace(".dimmed { opacity: 0.4; }", ".dimmed { opacity: 0.7; }");
    std::io::stdout().write_all(picture.as_bytes())
}
