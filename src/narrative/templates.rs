//! Every template there is: one line each.

use crate::release::Audience;

/// One template.
#[derive(Clone, Copy, Debug)]
pub(in crate::narrative) struct Template {
    /// Its path below `templates/`, and its name in errors.
    pub(in crate::narrative) name: &'static str,
    /// Who reads what it makes.
    pub(in crate::narrative) readers: &'static [Audience],
    /// Its text.
    pub(in crate::narrative) source: &'static str,
}

const fn template(name: &'static str, readers: &'static [Audience], source: &'static str) -> Template {
    Template { name, readers, source }
}

/// Words that several templates share.
pub(in crate::narrative) const MACROS: Template = template(
    "shared/words.md",
    &[Audience::Esp, Audience::Google, Audience::Internal],
    include_str!("../../templates/shared/words.md"),
);
/// The report for the ESP or host.
pub(in crate::narrative) const ESP_REPORT: Template =
    template("esp/report.md", &[Audience::Esp], include_str!("../../templates/esp/report.md"));
/// The report for Google.
pub(in crate::narrative) const GOOGLE_REPORT: Template =
    template("google/report.md", &[Audience::Google], include_str!("../../templates/google/report.md"));
/// The text for Google's web form, from which the cuts are made.
pub(in crate::narrative) const GOOGLE_TEXT: Template =
    template("google/report.txt", &[Audience::Google], include_str!("../../templates/google/report.txt"));
/// What a bundle holds and in which order to read it.
pub(in crate::narrative) const README: Template = template(
    "shared/readme.txt",
    &[Audience::Esp, Audience::Google],
    include_str!("../../templates/shared/readme.txt"),
);
/// The page around the report: one file that any browser opens.
pub(in crate::narrative) const PAGE: Template = template(
    "shared/report.html",
    &[Audience::Esp, Audience::Google],
    include_str!("../../templates/shared/report.html"),
);
/// The postmortem, in the order of the Google SRE book.
pub(in crate::narrative) const POSTMORTEM: Template =
    template("postmortem/sre.md", &[Audience::Internal], include_str!("../../templates/postmortem/sre.md"));

/// All of them.
#[cfg(test)]
pub(in crate::narrative) const ALL: [Template; 7] =
    [MACROS, ESP_REPORT, GOOGLE_REPORT, GOOGLE_TEXT, README, PAGE, POSTMORTEM];

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn folder_and_table_agree() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut found = Vec::new();
        for folder in std::fs::read_dir(&root).expect("templates/") {
            let folder = folder.expect("entry").path();
            for file in std::fs::read_dir(&folder).expect("folder") {
                let path = file.expect("entry").path();
                let name = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
                assert!(
                    ALL.iter().any(|t| t.name == name && t.source == std::fs::read_to_string(&path).expect("text")),
                    "{name} is not in the table"
                );
                found.push(name);
            }
        }
        assert_eq!(found.len(), ALL.len());
        assert!(ALL.iter().all(|t| !t.readers.is_empty()));
    }
}
