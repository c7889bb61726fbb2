//! The JSON Schema of case.yaml: for editors, and for our own reader.

use super::raw::RawCase;

/// The schema as a JSON value; draft 2020-12.
pub(super) fn schema() -> serde_json::Value {
    schemars::schema_for!(RawCase).to_value()
}

/// The JSON Schema of case.yaml (draft 2020-12) with a description of every key, indented.
#[must_use]
pub fn schema_json() -> String {
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use serde_json::Value;

    use super::*;

    fn objects<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
        if schema.get("properties").is_some() {
            found.push(schema);
        }
        match schema {
            Value::Object(map) => map.values().for_each(|v| objects(v, found)),
            Value::Array(list) => list.iter().for_each(|v| objects(v, found)),
            _ => {}
        }
    }

    #[test]
    fn every_object_is_closed_and_every_key_described() {
        let root: Value = serde_json::from_str(&schema_json()).expect("JSON");
        assert_eq!(root["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let mut found = Vec::new();
        objects(&root, &mut found);
        assert_eq!(found.len(), 15);
        for object in found {
            assert_eq!(object["additionalProperties"], Value::Bool(false), "{object:#}");
            for (key, property) in object["properties"].as_object().expect("properties") {
                assert!(property["description"].is_string(), "{key} has no description");
            }
        }
    }

    #[test]
    fn what_must_be_there_is_required() {
        let root = schema();
        assert_eq!(root["$defs"]["RawSource"]["required"], serde_json::json!(["path"]));
        assert_eq!(root["$defs"]["RawChange"]["required"], serde_json::json!(["at", "what"]));
        assert!(root.get("required").is_none());
    }
}
