//! Environment variables as text that a shell, a library or a workflow reads
//! back as they were.

use amlkeys::Secret;

use crate::args::EnvFormat;
use crate::failure::Failure;

pub(crate) struct Variable<'a> {
    name: &'static str,
    value: &'a str,
    is_secret: bool,
}

impl<'a> Variable<'a> {
    pub(crate) fn public(name: &'static str, value: &'a str) -> Self {
        Self {
            name,
            value,
            is_secret: false,
        }
    }

    pub(crate) fn secret(name: &'static str, value: &'a Secret) -> Self {
        Self {
            name,
            value: value.expose(),
            is_secret: true,
        }
    }
}

/// All variables, each in its own lines.
pub(crate) fn text(variables: &[Variable<'_>], format: EnvFormat) -> Result<String, Failure> {
    let line = match format {
        EnvFormat::Dotenv => dotenv,
        EnvFormat::Posix => posix,
        EnvFormat::Fish => fish,
        EnvFormat::Powershell => powershell,
        EnvFormat::Github => github,
    };
    let mut text = String::new();
    for variable in variables {
        if variable.value.contains('\0') {
            return Err(Failure::plain(
                format!(
                    "the value of {} holds a NUL, which no environment can",
                    variable.name
                ),
                "take the value from `amlkeys workspace list-keys --show-secrets`",
            ));
        }
        text += &line(variable)?;
    }
    Ok(text)
}

/// One `::add-mask::` command for each secret, with the escapes of workflow
/// commands.
pub(crate) fn github_masks(variables: &[Variable<'_>]) -> Vec<String> {
    let secrets = variables
        .iter()
        .filter(|it| it.is_secret && !it.value.is_empty());
    secrets
        .map(|it| {
            let value = it
                .value
                .replace('%', "%25")
                .replace('\r', "%0D")
                .replace('\n', "%0A");
            format!("::add-mask::{value}")
        })
        .collect()
}

/// In single quotes only the quote itself is special.
fn posix(variable: &Variable<'_>) -> Result<String, Failure> {
    let value = variable.value.replace('\'', r"'\''");
    Ok(format!("export {}='{value}'\n", variable.name))
}

/// In single quotes the quote and the backslash are special.
fn fish(variable: &Variable<'_>) -> Result<String, Failure> {
    let value = variable.value.replace('\\', r"\\").replace('\'', r"\'");
    Ok(format!("set -gx {} '{value}'\n", variable.name))
}

/// In single quotes only the quote is special, but five characters are one.
/// Control characters are added by their number, because a pipe into
/// `Invoke-Expression` would change line ends.
fn powershell(variable: &Variable<'_>) -> Result<String, Failure> {
    let mut value = String::new();
    for it in variable.value.chars() {
        match it {
            '\'' | '\u{2018}'..='\u{201b}' => value.extend([it, it]),
            _ if it.is_control() => value += &format!("' + [char]{} + '", u32::from(it)),
            _ => value.push(it),
        }
    }
    Ok(format!("$Env:{} = '{value}'\n", variable.name))
}

/// In single quotes python-dotenv and docker compose take everything as it is,
/// but for the quote and the backslash.
///
/// python-dotenv replaces `${NAME}` in there too and knows no way around it.
fn dotenv(variable: &Variable<'_>) -> Result<String, Failure> {
    if variable.value.contains("${") {
        return Err(Failure::plain(
            format!(
                "the value of {} holds `${{`, which a .env file cannot",
                variable.name
            ),
            "choose another --format",
        ));
    }
    let value = variable.value.replace('\\', r"\\").replace('\'', r"\'");
    Ok(format!("{}='{value}'\n", variable.name))
}

/// Between two lines with a word that cannot be in the value by accident or by
/// intent: it is made for this run.
fn github(variable: &Variable<'_>) -> Result<String, Failure> {
    let Variable { name, value, .. } = variable;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Failure::other("no random numbers", &error))?;
    let word = format!("amlkeys_{:032x}", u128::from_ne_bytes(random));
    Ok(format!("{name}<<{word}\n{value}\n{word}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use std::process::Command;

    const NAME: &str = "AZURE_STORAGE_KEY";

    /// Values that break out of careless quotes.
    const HOSTILE: [&str; 16] = [
        "",
        "plain+/=",
        " outer ",
        "it's",
        "'",
        r"''' \' \\' \",
        r"\",
        r"a\nb\",
        r#""double" and `backtick` $(id) $HOME ${HOME} $"#,
        "%PATH% %0A %",
        "two\nlines\n\nand an end\n",
        "\r\n\t\u{1b}[31m\u{7f}",
        "!history #comment ; & | < > * ? ~ [a] (b) {c}",
        "=export X=1",
        "\u{2018}smart\u{2019} \u{201a}\u{201b} \u{fc}",
        "-n -e",
    ];

    fn text_of(value: &str, format: EnvFormat) -> Result<String, Failure> {
        let variable = Variable {
            name: NAME,
            value,
            is_secret: true,
        };
        text(&[variable], format)
    }

    /// What the shell has in the variable after it has read the text, `None` if
    /// there is no such shell.
    #[cfg(unix)]
    fn read_by(shell: &str, text: &str) -> Option<String> {
        let script = format!("{text}\nprintf '%s.' \"${NAME}\"");
        let output = Command::new(shell).args(["-c", &script]).output().ok()?;
        assert!(output.status.success(), "{shell}: {output:?}");
        let value = String::from_utf8(output.stdout).unwrap();
        Some(value.strip_suffix('.').unwrap().to_owned())
    }

    #[cfg(unix)]
    #[test]
    #[allow(clippy::print_stderr, reason = "a shell that is skipped is named")]
    fn shells_read_every_value_back() {
        let posix = ["sh", "bash", "dash", "zsh"].map(|shell| (shell, EnvFormat::Posix));
        for (shell, format) in posix.into_iter().chain([("fish", EnvFormat::Fish)]) {
            if read_by(shell, "").is_none() {
                eprintln!("SKIPPED: {shell} is not installed");
                continue;
            }
            for value in HOSTILE {
                let read = read_by(shell, &text_of(value, format).unwrap());
                assert_eq!(read.as_deref(), Some(value), "{shell}");
            }
        }
    }

    #[test]
    fn powershell_doubles_all_its_quotes_and_adds_controls_by_number() {
        for (value, expected) in [
            ("it's $HOME `x`", "'it''s $HOME `x`'"),
            ("\u{2018}a\u{2019}", "'\u{2018}\u{2018}a\u{2019}\u{2019}'"),
            ("a\nb", "'a' + [char]10 + 'b'"),
        ] {
            let text = text_of(value, EnvFormat::Powershell).unwrap();
            assert_eq!(text, format!("$Env:{NAME} = {expected}\n"));
        }
    }

    #[test]
    fn dotenv_quotes_what_python_dotenv_unquotes() {
        let text = text_of("a\\b'c\nd $x #", EnvFormat::Dotenv).unwrap();
        assert_eq!(text, format!("{NAME}='a\\\\b\\'c\nd $x #'\n"));
        assert!(text_of("${HOME}", EnvFormat::Dotenv).is_err());
    }

    #[test]
    fn github_has_another_delimiter_each_time() {
        let text = || text_of("a\nb", EnvFormat::Github).unwrap();
        let (first, second) = (text(), text());
        assert_ne!(first, second);
        let (head, rest) = first.split_once('\n').unwrap();
        let word = head.strip_prefix("AZURE_STORAGE_KEY<<").unwrap();
        assert_eq!(rest, format!("a\nb\n{word}\n"));
    }

    #[test]
    fn masks_are_made_for_secrets_with_the_escapes_of_commands() {
        let secret = |value| Variable {
            name: NAME,
            value,
            is_secret: true,
        };
        let variables = [
            secret("50%\r\nx"),
            secret(""),
            Variable::public("X", "shown"),
        ];
        assert_eq!(github_masks(&variables), ["::add-mask::50%25%0D%0Ax"]);
    }

    #[test]
    fn a_nul_is_refused_in_every_format() {
        for format in [
            EnvFormat::Dotenv,
            EnvFormat::Posix,
            EnvFormat::Fish,
            EnvFormat::Powershell,
            EnvFormat::Github,
        ] {
            let failure = text_of("canary\0", format).unwrap_err().to_text();
            assert!(
                failure.contains(NAME) && !failure.contains("canary"),
                "{failure}"
            );
        }
    }
}
