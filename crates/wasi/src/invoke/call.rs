//! A call as people write it: `name`, `name()`, `name(1, "a")`, `interface#name(true)`.

/// The function, and the arguments in the parentheses; `None` for the arguments where there are no parentheses. A text in quotes
/// comes without the quotes, its escapes resolved. The type of an argument decides what else the argument may be.
///
/// # Errors
/// In a line, where it is no call.
pub(super) fn parse(text: &str) -> Result<(&str, Option<Vec<String>>), String> {
    let Some((name, rest)) = text.split_once('(') else { return Ok((text, None)) };
    let wrong = || format!("{text:?} is no call; write NAME, NAME() or NAME(1, \"text\")");
    let mut rest = rest.trim_end().strip_suffix(')').ok_or_else(wrong)?.trim_start();
    let mut arguments = Vec::new();
    while !rest.is_empty() {
        let (argument, behind) = argument(rest).ok_or_else(wrong)?;
        arguments.push(argument);
        rest = match behind.trim_start().strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if behind.trim().is_empty() => "",
            None => return Err(wrong()),
        };
    }
    Ok((name.trim_end(), Some(arguments)))
}

/// The first argument, and the text after it.
fn argument(text: &str) -> Option<(String, &str)> {
    if let Some(quote) = text.chars().next().filter(|first| "\"'".contains(*first)) {
        return quoted(&text[1..], quote);
    }
    let (word, behind) = text.split_at(text.find(',').unwrap_or(text.len()));
    let word = word.trim_end();
    let is_word = !word.is_empty() && !word.contains(['"', '\'', '(', ')', ' ']);
    is_word.then(|| (word.to_owned(), behind))
}

/// The text up to the next `quote`, and the text after that.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let (mut characters, mut content) = (text.chars(), String::new());
    loop {
        match characters.next()? {
            '\\' => content.push(match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, behind) = characters.as_str().strip_prefix('{')?.split_once('}')?;
                    characters = behind.chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                itself @ ('\\' | '"' | '\'') => itself,
                _ => return None,
            }),
            end if end == quote => return Some((content, characters.as_str())),
            other => content.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn calls() {
        for (text, name, arguments) in [
            ("run", "run", None),
            ("a:b/c@0.2.0#run", "a:b/c@0.2.0#run", None),
            ("run()", "run", Some(vec![])),
            ("run ( ) ", "run", Some(vec![])),
            ("a:b/c@0.2.0#run()", "a:b/c@0.2.0#run", Some(vec![])),
            ("f(1)", "f", Some(vec!["1"])),
            ("f(-1, 2.5e3 ,true,)", "f", Some(vec!["-1", "2.5e3", "true"])),
            (r#"f("a, (b) 'c'", 'x', "")"#, "f", Some(vec!["a, (b) 'c'", "x", ""])),
            (r#"f("\"\\\n\t\r\u{2603}'", '\'')"#, "f", Some(vec!["\"\\\n\t\r\u{2603}'", "'"])),
            ("f(\"\u{2603}\")", "f", Some(vec!["\u{2603}"])),
        ] {
            let arguments = arguments.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(parse(text), Ok((name, arguments)), "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "f(",
            "f(1",
            "f(1))",
            "f(,)",
            "f(1,,2)",
            "f(1 2)",
            "f(\"a)",
            "f(\"a\" \"b\")",
            "f(\"a\"b)",
            r#"f("\x")"#,
            r#"f("\u{110000}")"#,
            r#"f("\u{}")"#,
            "f(g(1))",
            "f()x",
            "f('a)",
        ] {
            assert!(parse(text).is_err_and(|error| error.contains("is no call")), "{text}");
        }
    }
}
