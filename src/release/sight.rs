//! Which part of the fact tree each reader sees: one table, default-deny.
//!
//! A path without a rule is shown to nobody outside. Text that is shown passes
//! the redactor; this table decides what is shown at all.

use crate::findings::{Evidence, Fact, Node, Value};

use super::Audience;

/// Who sees a part of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// Both readers outside.
    Both,
    /// The ESP or host.
    Esp,
    /// Google.
    Google,
    /// Both, but a name of the user's becomes its number in the list.
    Number,
    /// Nobody outside.
    Nobody,
}

/// The rules; the longest pattern that fits a path counts. `*` stands for one part.
const RULES: &[(&str, Sight)] = &[
    ("case.name", Sight::Both),
    ("case.title", Sight::Esp),
    ("window", Sight::Both),
    ("incident", Sight::Both),
    ("waves", Sight::Both),
    ("waves.*.launch", Sight::Nobody),
    ("spikes", Sight::Esp),
    ("ips", Sight::Both),
    ("ips.*.tag", Sight::Esp),
    ("ips.*.node", Sight::Esp),
    ("ips_summary", Sight::Both),
    ("mx_hosts", Sight::Both),
    ("lanes", Sight::Both),
    ("lanes_together", Sight::Both),
    ("gmail", Sight::Both),
    ("closes", Sight::Both),
    ("closes.by_stage.*.examples.*.line", Sight::Esp),
    ("tls_failures", Sight::Both),
    ("plaintext_deliveries", Sight::Both),
    ("in_clear", Sight::Esp),
    ("doubtful_bounces", Sight::Esp),
    ("scopes", Sight::Both),
    ("limited_domains", Sight::Both),
    ("limited_domains.*.queue_id", Sight::Esp),
    ("replies", Sight::Both),
    ("replies.*.examples.*.queue_id", Sight::Esp),
    ("pattern", Sight::Both),
    ("launches", Sight::Both),
    ("launches.*.name", Sight::Number),
    ("changes", Sight::Both),
    ("causes", Sight::Esp),
    ("causes_tested", Sight::Esp),
    ("verdict", Sight::Esp),
    ("verdict_sentence", Sight::Esp),
    ("concern", Sight::Esp),
    ("concern_sentence", Sight::Esp),
    ("mitigation", Sight::Both),
    ("throughput", Sight::Both),
    ("delays", Sight::Both),
    ("queue", Sight::Esp),
    ("nodes", Sight::Esp),
    ("nodes_summary", Sight::Both),
    ("settings", Sight::Esp),
    ("transcripts", Sight::Both),
    ("transcripts.*.file", Sight::Esp),
    ("transcripts.*.node", Sight::Esp),
    ("transcripts_by_node", Sight::Esp),
    ("transcripts_summary", Sight::Both),
    ("requirements", Sight::Google),
    ("requirements_line", Sight::Google),
    ("sender", Sight::Both),
    ("sender.provider", Sight::Esp),
    ("sender.provider_case", Sight::Esp),
    ("clocks", Sight::Both),
    ("clocks.*.node", Sight::Both),
    ("coverage", Sight::Both),
    ("coverage.*.file", Sight::Esp),
    ("coverage.*.cannot_show", Sight::Esp),
    ("coverage.*.not_understood", Sight::Nobody),
    ("skipped", Sight::Nobody),
    ("asks.esp", Sight::Esp),
    ("asks.google", Sight::Google),
    ("asks.google_short", Sight::Google),
    ("missing", Sight::Esp),
    ("unseen", Sight::Both),
    ("queue_ids", Sight::Esp),
    ("notes.esp", Sight::Esp),
    ("notes.google", Sight::Google),
    ("tool", Sight::Both),
    // Not for those outside: ticket, readiness, proposals, problems.
];

/// The tree as one reader sees it: parts without sight are gone, names are labels,
/// text has passed `rewrite`.
pub(super) fn visible(tree: &Node, audience: Audience, rewrite: &mut dyn FnMut(&str) -> String) -> Node {
    see(tree, &mut Vec::new(), audience, rewrite).unwrap_or_else(|| Node::group([]))
}

fn see(
    node: &Node,
    path: &mut Vec<String>,
    audience: Audience,
    rewrite: &mut dyn FnMut(&str) -> String,
) -> Option<Node> {
    match node {
        Node::Leaf(fact) => leaf(fact, path, audience, rewrite).map(Node::Leaf),
        Node::List(items) => {
            let seen = items.iter().enumerate().filter_map(|(i, item)| {
                path.push((i + 1).to_string());
                let seen = see(item, path, audience, rewrite);
                path.pop();
                seen
            });
            let seen: Vec<_> = seen.collect();
            (!seen.is_empty() || items.is_empty()).then_some(Node::List(seen))
        }
        Node::Group(parts) => {
            let mut seen = std::collections::BTreeMap::new();
            for (name, part) in parts {
                path.push((*name).to_owned());
                if let Some(node) = see(part, path, audience, rewrite) {
                    seen.insert(*name, node);
                }
                path.pop();
            }
            (!seen.is_empty()).then_some(Node::Group(seen))
        }
    }
}

fn leaf(fact: &Fact, path: &[String], audience: Audience, rewrite: &mut dyn FnMut(&str) -> String) -> Option<Fact> {
    if audience == Audience::Internal {
        return Some(fact.clone());
    }
    let numbered = match (sight_of(path), audience) {
        (Sight::Both, _) | (Sight::Esp, Audience::Esp) | (Sight::Google, Audience::Google) => false,
        (Sight::Number, _) => true,
        _ => return None,
    };
    let value = match (&fact.value, numbered) {
        (Value::Text(_), true) => {
            Value::Text(path.iter().find(|p| p.parse::<u32>().is_ok()).cloned().unwrap_or_default())
        }
        (Value::Text(text), false) => Value::Text(rewrite(text)),
        (Value::Sentence(text), false) => Value::Sentence(rewrite(text)),
        (Value::Number(number, digits, unit), false) => Value::Number(*number, *digits, rewrite(unit)),
        (Value::Ip(ip), false) => {
            let (plain, shown) = (ip.to_string(), rewrite(&ip.to_string()));
            if shown == plain { Value::Ip(*ip) } else { Value::Text(shown) }
        }
        (value, _) => value.clone(),
    };
    let evidence = fact.evidence.iter().map(|evidence| match evidence {
        Evidence::Table(table, row) => Evidence::Table(table, rewrite(row)),
        Evidence::Stated(key) => Evidence::Stated(rewrite(key)),
        Evidence::Metric(exhibit, column) => Evidence::Metric(exhibit.clone(), rewrite(column)),
        Evidence::Lines(..) => evidence.clone(),
    });
    Some(Fact { value, evidence: evidence.collect() })
}

fn sight_of(path: &[String]) -> Sight {
    let fits = |pattern: &str| {
        let parts: Vec<_> = pattern.split('.').collect();
        parts.len() <= path.len() && parts.iter().zip(path).all(|(p, step)| *p == "*" || p == step)
    };
    RULES.iter().filter(|(p, _)| fits(p)).max_by_key(|(p, _)| p.split('.').count()).map_or(Sight::Nobody, |(_, s)| *s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Node {
        let text = |t: &str| Node::from(Value::Text(t.to_owned()));
        Node::group([
            ("secret_of_ours", text("x")),
            ("ips", Node::List(vec![Node::group([("label", text("192.0.2.1")), ("tag", text("postfix-ip1"))])])),
            ("launches", Node::List(vec![Node::group([("name", text("Project Falcon"))])])),
            ("queue_ids", Node::List(vec![text("ABC")])),
        ])
    }

    #[test]
    fn what_has_no_rule_is_shown_to_nobody_outside() {
        let shown = |audience| visible(&tree(), audience, &mut |t| format!("r:{t}"));
        assert_eq!(shown(Audience::Internal), tree());
        let esp = shown(Audience::Esp);
        assert_eq!(esp.at("secret_of_ours"), None);
        assert_eq!(esp.value("ips.1.tag"), Some(&Value::Text("r:postfix-ip1".into())));
        assert_eq!(esp.value("launches.1.name"), Some(&Value::Text("1".into())));
        let google = shown(Audience::Google);
        assert_eq!(google.at("queue_ids"), None);
        assert_eq!(google.at("ips.1.tag"), None);
        assert_eq!(google.value("ips.1.label"), Some(&Value::Text("r:192.0.2.1".into())));
    }
}
