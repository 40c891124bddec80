//! Guests at a terminal, where a person would be.

use callgate_tests::each;

/// Text that is written or typed arrives as it is, on every system: no other code page, and no carriage return in a line.
#[test]
fn a_person_at_a_terminal() {
    each(|host| {
        let mut terminal = host.guest("terminal").at_terminal();
        for stream in ["stdin", "stdout", "stderr"] {
            terminal.shows(&format!("{stream} is a terminal"));
        }
        terminal.shows("what is your name? ☃");
        terminal.types("Zoë ☃");
        terminal.shows(r#"your name is "Zoë ☃\n""#);
        assert_eq!(terminal.end(), Some(0));
    });
}
