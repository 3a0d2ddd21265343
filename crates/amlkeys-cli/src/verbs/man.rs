//! `man`: a page of the manual, from the definition of the command line.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::args::{self, Cli};
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(names: &[String]) -> Result<(), Failure> {
    let mut page = Vec::new();
    render(command(names)?, &mut page).map_err(|error| Failure::output(&error))?;
    output::bytes(&page)
}

/// The command that the names lead to.
fn command(names: &[String]) -> Result<Command, Failure> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for name in names {
        command = command.find_subcommand(name).ok_or_else(|| {
            let known = command.get_subcommands().map(Command::get_name);
            let known = Vec::from_iter(known).join(", ");
            Failure::usage(
                &format!(
                    "`{}` has no command `{}`",
                    command.get_name(),
                    name.escape_debug()
                ),
                &format!("its commands are: {known}"),
            )
        })?;
    }
    Ok(command.clone())
}

fn render(command: Command, page: &mut Vec<u8>) -> io::Result<()> {
    let examples = command.get_after_help().map(|it| it.to_string());
    let has_commands = command.has_subcommands();
    let man = Man::new(command)
        .source(concat!("amlkeys ", env!("CARGO_PKG_VERSION")))
        .manual("amlkeys");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if has_commands {
        man.render_subcommands_section(page)?;
    }
    let examples = examples.filter(|text| text.starts_with("Examples:"));
    if let Some(examples) = examples {
        let lines = examples.lines().skip(1).map(str::trim_start);
        section("EXAMPLES", lines, page)?;
    }
    let codes = args::EXIT_CODES
        .lines()
        .skip(1)
        .flat_map(|line| line.split("   "));
    section("EXIT STATUS", codes.map(str::trim), page)
}

/// A section whose lines are kept.
fn section<'a>(
    title: &str,
    lines: impl Iterator<Item = &'a str>,
    page: &mut Vec<u8>,
) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_writer(page)
}
