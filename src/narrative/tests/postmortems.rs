//! The postmortem in the shape of each house, and a template of the user's own.

use super::*;

#[test]
fn postmortems_have_the_sections_of_their_house() {
    let orders: [(&str, &[&str]); 4] = [
        (
            "sre",
            &[
                "Summary",
                "Impact",
                "Root causes",
                "Trigger",
                "Resolution",
                "Detection",
                "Action items",
                "Lessons learned",
                "Timeline",
                "Supporting information",
            ],
        ),
        (
            "pagerduty",
            &[
                "Overview",
                "What happened",
                "Contributing factors",
                "Resolution",
                "Impact",
                "Responders",
                "Timeline",
                "How'd we do?",
                "Action items",
                "Messaging",
                "Data",
            ],
        ),
        (
            "atlassian",
            &[
                "Incident summary",
                "Leadup",
                "Fault",
                "Impact",
                "Detection",
                "Response",
                "Recovery",
                "Timeline",
                "Five whys",
                "Root cause",
                "Backlog check",
                "Recurrence",
                "Lessons learned",
                "Corrective actions",
                "Readiness",
                "Sources",
            ],
        ),
        (
            "incident-io",
            &[
                "Key information",
                "Summary",
                "Timeline",
                "Contributors",
                "Mitigators",
                "Learnings and risks",
                "Follow-ups",
                "Evidence",
            ],
        ),
    ];
    assert_eq!(orders.map(|(name, _)| name), POSTMORTEMS.map(|p| p.name));
    for (postmortem, (name, order)) in POSTMORTEMS.iter().zip(orders) {
        let made = postmortem_of(postmortem, throttle());
        sound(std::slice::from_ref(&made));
        let sections: Vec<&str> = made.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, order, "{name}");
        assert!(made.text.contains("### What to switch on before the next incident"), "{name}");
        assert!(made.text.matches("TODO(human): ").count() >= 10, "{name}");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("postmortem-{name}"), made.text);
        });
        for facts in [quiet(), ongoing(), Node::group([])] {
            sound(&[postmortem_of(postmortem, facts)]);
        }
    }
}

fn postmortem_of(which: &Postmortem, facts: Node) -> Document {
    postmortem(&release(Audience::Internal, facts), which).expect("renders")
}

/// Each row says when, what, and where that can be read: a file with its line, a table, or the user's word.
#[test]
fn every_row_of_the_timeline_says_where_to_look() {
    for which in &POSTMORTEMS {
        let made = postmortem_of(which, throttle());
        let mut rows = made.text.lines().skip_while(|line| !line.starts_with("| Time |")).skip(2);
        let rows: Vec<&str> = rows.by_ref().take_while(|line| line.starts_with("| 2")).collect();
        assert!(rows.len() >= 4, "{}", which.name);
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert!(cells.len() == 3 && !matches!(cells[2], "" | "-"), "{row}");
        }
        assert!(made.text.contains("[logs/mta1.mail.log.gz:2891](evidence.md#wave-1-first) |"), "{}", which.name);
    }
}

/// Nobody is named and nobody is at fault: systems do things, people are asked.
#[test]
fn postmortems_blame_nobody() {
    for which in &POSTMORTEMS {
        let text = postmortem_of(which, throttle()).text.to_lowercase();
        for word in ["mistake", "careless", "should have", "failed to", "negligen", "blame", "human error"] {
            assert!(!text.contains(word), "{}: {word}", which.name);
        }
    }
}

#[test]
fn a_template_is_tried_without_a_case() {
    for which in &POSTMORTEMS {
        check_template(which.source(), which.name).expect("ours is right");
    }
    let wrong = |text: &str| check_template(text, "mine.md").expect_err("wrong").to_string();
    // Inside a loop, and inside a branch that only one word opens.
    assert_eq!(
        wrong("\n{% for w in waves %}{{ w.frist }}{% endfor %}"),
        "template mine.md, line 2: `w.frist` is undefined"
    );
    assert_eq!(
        wrong("{% if incident.state is word(\"found\") %}\n{{ incident.pik }}{% endif %}"),
        "template mine.md, line 2: `incident.pik` is undefined"
    );
    assert_eq!(wrong("{% if not waves %}{{ wawes }}{% endif %}"), "template mine.md, line 1: `wawes` is undefined");
    assert!(wrong("{% include \"parts/none.md\" %}").starts_with("template mine.md, line 1: "));
}
