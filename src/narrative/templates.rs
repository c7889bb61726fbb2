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
const MACROS: Template = template(
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
/// A postmortem in the order of sections that a team knows.
#[derive(Clone, Copy, Debug)]
pub struct Postmortem {
    /// What `--postmortem` takes.
    pub name: &'static str,
    /// Whose order of sections it has.
    pub about: &'static str,
    pub(in crate::narrative) template: Template,
}

impl Postmortem {
    /// Its text, to begin one's own with.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.template.source
    }
}

/// The postmortems that casefile brings; the first is the default.
pub const POSTMORTEMS: [Postmortem; 4] = [
    Postmortem {
        name: "sre",
        about: "in the order of the Google SRE book",
        template: template("postmortem/sre.md", INTERNAL, include_str!("../../templates/postmortem/sre.md")),
    },
    Postmortem {
        name: "pagerduty",
        about: "in the order of PagerDuty's template",
        template: template(
            "postmortem/pagerduty.md",
            INTERNAL,
            include_str!("../../templates/postmortem/pagerduty.md"),
        ),
    },
    Postmortem {
        name: "atlassian",
        about: "in the order of Atlassian's template, with the five whys",
        template: template(
            "postmortem/atlassian.md",
            INTERNAL,
            include_str!("../../templates/postmortem/atlassian.md"),
        ),
    },
    Postmortem {
        name: "incident-io",
        about: "in the order of incident.io's template",
        template: template(
            "postmortem/incident-io.md",
            INTERNAL,
            include_str!("../../templates/postmortem/incident-io.md"),
        ),
    },
];

const INTERNAL: &[Audience] = &[Audience::Internal];

macro_rules! part {
    ($name:literal) => {
        template(concat!("parts/", $name), INTERNAL, include_str!(concat!("../../templates/parts/", $name)))
    };
}

/// What templates may import or include: shared words, and the parts of a postmortem.
pub(in crate::narrative) const SHARED: [Template; 16] = [
    MACROS,
    part!("notice.md"),
    part!("summary.md"),
    part!("impact.md"),
    part!("causes.md"),
    part!("trigger.md"),
    part!("resolution.md"),
    part!("detection.md"),
    part!("actions.md"),
    part!("before_next.md"),
    part!("went_well.md"),
    part!("went_wrong.md"),
    part!("timeline.md"),
    part!("evidence.md"),
    part!("readiness.md"),
    part!("sources.md"),
];

/// All of them.
#[cfg(test)]
pub(in crate::narrative) fn all() -> Vec<Template> {
    let reports = [ESP_REPORT, GOOGLE_REPORT, GOOGLE_TEXT, README, PAGE];
    SHARED.into_iter().chain(reports).chain(POSTMORTEMS.map(|p| p.template)).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn folder_and_table_agree() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let all = all();
        let mut found = Vec::new();
        for folder in std::fs::read_dir(&root).expect("templates/") {
            let folder = folder.expect("entry").path();
            for file in std::fs::read_dir(&folder).expect("folder") {
                let path = file.expect("entry").path();
                let name = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
                assert!(
                    all.iter().any(|t| t.name == name && t.source == std::fs::read_to_string(&path).expect("text")),
                    "{name} is not in the table"
                );
                found.push(name);
            }
        }
        assert_eq!(found.len(), all.len());
        assert!(all.iter().all(|t| !t.readers.is_empty()));
    }
}
