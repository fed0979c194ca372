//! `ash-nlp completions`: what a shell needs to complete subcommands, options and their values.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::outcome::Outcome;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp completions bash > ~/.local/share/bash-completion/completions/ash-nlp
  ash-nlp completions zsh > ~/.zfunc/_ash-nlp
  ash-nlp completions fish > ~/.config/fish/completions/ash-nlp.fish
  ash-nlp completions elvish >> ~/.config/elvish/rc.elv
  ash-nlp completions powershell >> $PROFILE

Make the folder first if it is not there; then open a new shell.
bash needs the package bash-completion, or `source` the file in ~/.bashrc.
zsh needs two lines in ~/.zshrc:
  fpath+=~/.zfunc
  autoload -Uz compinit && compinit";

/// Prints the script.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ash-nlp", &mut script);
    let mut script = String::from_utf8(script)?;
    if args.shell == Shell::Bash {
        // The generator names the states of a program with a hyphen in two ways, so that no subcommand's options are
        // found (clap issue 6421); a generator without that mistake leaves nothing to replace.
        script = script.replace("ash__subcmd__nlp__", "ash__nlp__");
    }
    let mut out = std::io::stdout().lock();
    out.write_all(script.as_bytes())?;
    out.flush()?;
    Ok(Outcome::Done)
}
