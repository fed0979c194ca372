//! `ash-nlp man`: the help of every subcommand as pages for `man`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::Cli;
use crate::outcome::Outcome;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write a page for each subcommand into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp man | man -l -                        read the page of the program
  ash-nlp man --out ~/.local/share/man/man1     install all for you
  ash-nlp man --out /usr/local/share/man/man1   install them for everybody

Then read them: man ash-nlp, man ash-nlp-analyze, man ash-nlp-models-pull.";

/// Prints the main page, or writes all of them.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.out else {
        let mut out = std::io::stdout().lock();
        out.write_all(&page(&program)?)?;
        out.flush()?;
        return Ok(Outcome::Done);
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write_all(&program, folder)?;
    Ok(Outcome::Done)
}

/// The page of a command and those of all below it, as `ash-nlp-COMMAND-….1`.
fn write_all(command: &Command, folder: &Path) -> Result<()> {
    let file = folder.join(format!("{}.1", name(command)));
    fs::write(&file, page(command)?).with_context(|| format!("cannot write {}", file.display()))?;
    command.get_subcommands().try_for_each(|below| write_all(below, folder))
}

/// `ash-nlp-models-pull`: what the command line has with spaces.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// One page. What stands below the options in `--help` becomes sections of their own: the generator itself would
/// run the lines of examples together.
fn page(command: &Command) -> Result<Vec<u8>> {
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone()).source(format!("ash-nlp {}", ash_runtime::VERSION));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    page.extend(sections(&below).bytes());
    Ok(page)
}

/// Blocks between empty lines: one whose first line ends with a colon is a section, its lines as they are.
fn sections(below: &str) -> String {
    let mut page = String::new();
    for block in below.split("\n\n").filter(|block| !block.trim().is_empty()) {
        // Writing to a String cannot fail.
        let _ = match block.trim_end().split_once('\n') {
            Some((title, lines)) if title.ends_with(':') => {
                let title = escaped(title.trim_end_matches(':')).to_uppercase();
                let lines: Vec<String> = lines.lines().map(|line| escaped(line.trim_end())).collect();
                writeln!(page, ".SH \"{title}\"\n.nf\n{}\n.fi", lines.join("\n"))
            }
            _ => writeln!(page, ".PP\n{}", block.trim().lines().map(escaped).collect::<Vec<_>>().join("\n")),
        };
    }
    page
}

/// Words as roff prints them: a hyphen that can be copied, and no line that is taken for a request.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq").replace('\'', "\\(aq");
    if line.starts_with('.') { format!("\\&{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn examples_keep_their_lines_and_nothing_in_them_is_a_request() {
        let page = sections("Examples:\n  ash-nlp a 'b'\n  .so x\\y\n\nTwo lines\nof prose.");
        assert_eq!(
            page,
            ".SH \"EXAMPLES\"\n.nf\n  ash\\-nlp a \\(aqb\\(aq\n  .so x\\ey\n.fi\n.PP\nTwo lines\nof prose.\n"
        );
    }
}
