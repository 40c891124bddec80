//! Reads where this machine gets its Debian packages from, so that the project need not name a mirror: the old form, a line
//! for each source (`sources.list`), and the newer one, paragraphs of fields (`*.sources`).
//!
//! Only what is needed to ask the same mirror for another suite is kept: its address, and how its signature is checked.
//! Sources of other vendors are passed over; they have no Debian suites.

/// A package source of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) uris: Vec<String>,
    pub(crate) suites: Vec<String>,
    pub(crate) components: Vec<String>,
    /// `Signed-By` and `Trusted`, with their values as written; a key that is written out keeps its lines.
    pub(crate) options: Vec<(String, String)>,
}

const KEPT: &[&str] = &["Signed-By", "Trusted"];

impl Source {
    /// True if the source is the distribution's own archive. That archive carries the release's suite, and `main`.
    pub(crate) fn is_distribution(&self, codename: &str) -> bool {
        let rolling = ["stable", "oldstable", "testing", "unstable", "sid"];
        let suite = |suite: &String| suite == codename || rolling.contains(&suite.as_str());
        self.suites.iter().any(suite) && self.components.iter().any(|name| name == "main")
    }

    /// The same source, for another suite, as a paragraph of a `*.sources` file.
    pub(crate) fn paragraph(&self, suite: &str) -> String {
        let mut text = format!("Types: deb\nURIs: {}\nSuites: {suite}\nComponents: main\n", self.uris.join(" "));
        for (name, value) in &self.options {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text
    }
}

/// Parses a `*.sources` file.
pub(crate) fn parse_paragraphs(text: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            found.extend(source_of(&std::mem::take(&mut fields)));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

fn source_of(fields: &[(String, String)]) -> Option<Source> {
    let field = |wanted: &str| {
        let of_name = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(wanted);
        fields.iter().find(of_name).map(|(_, value)| value.as_str())
    };
    let words =
        |wanted| -> Vec<String> { field(wanted).unwrap_or_default().split_whitespace().map(str::to_owned).collect() };
    let disabled = field("Enabled").is_some_and(|value| ["no", "false", "0"].contains(&value));
    let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), field(name)?.to_owned())));
    (words("Types").iter().any(|word| word == "deb") && !disabled).then(|| Source {
        uris: words("URIs"),
        suites: words("Suites"),
        components: words("Components"),
        options: kept.collect(),
    })
}

/// Parses a `*.list` file.
pub(crate) fn parse_lines(text: &str) -> Vec<Source> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t', '[']) {
        return None;
    }
    let rest = rest.trim_start();
    let (bracket, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let kept = bracket.split_whitespace().filter_map(|option| {
        let (name, value) = option.split_once('=')?;
        let name = KEPT.iter().find(|kept| kept.eq_ignore_ascii_case(name))?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    let mut words = rest.split_whitespace().map(str::to_owned);
    let uri = words.next().filter(|uri| !uri.starts_with("cdrom:"))?;
    Some(Source { uris: vec![uri], suites: vec![words.next()?], components: words.collect(), options: kept.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs() {
        let text = "# a note\nTypes: deb deb-src\n# within\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main contrib\nSigned-By: /usr/share/keyrings/key.gpg\n\n\nTypes: deb\nURIs: http://b.example\n\
                    Suites: bookworm\nComponents: main\nEnabled: no\n\nTypes: deb-src\nURIs: http://c.example\nSuites: bookworm\n\
                    Components: main\n";
        let sources = parse_paragraphs(text);
        assert_eq!(sources.len(), 1);
        assert!(sources[0].is_distribution("bookworm"));
        assert!(!sources[0].is_distribution("noble"));
        assert_eq!(
            sources[0].paragraph("trixie-backports"),
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie-backports\nComponents: main\n\
             Signed-By: /usr/share/keyrings/key.gpg\n"
        );
    }

    #[test]
    fn a_key_written_out_keeps_its_lines() {
        let text =
            "Types: deb\nURIs: http://a.example\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc\n";
        let sources = parse_paragraphs(text);
        assert!(sources[0].is_distribution("forky"));
        assert!(sources[0].paragraph("forky").ends_with("Signed-By: \n -----BEGIN\n .\n abc\n"));
    }

    #[test]
    fn lines() {
        let text = "deb http://mirror.example/debian bookworm main contrib # own\n#deb http://no.example bookworm main\n\
                    deb-src http://no.example bookworm main\ndeb cdrom:[Debian]/ bookworm main\n\
                    deb [ arch=amd64 signed-by=/k.gpg trusted=yes ] http://b.example/debian bookworm-updates main\n\
                    deb [arch=amd64] http://docker.example bookworm stable\n";
        let sources = parse_lines(text);
        assert_eq!(sources.len(), 3);
        assert!(sources[0].is_distribution("bookworm"));
        assert!(!sources[1].is_distribution("bookworm"));
        assert!(!sources[2].is_distribution("bookworm"));
        let options = [("Signed-By", "/k.gpg"), ("Trusted", "yes")];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(sources[1].options, options);
        assert_eq!(sources[1].uris, ["http://b.example/debian"]);
    }
}
