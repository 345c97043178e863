//! Writes JSON objects.

#![forbid(unsafe_code)]

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl Object<'_> {
    /// Writes an object.
    pub(crate) fn write(out: &mut Vec<u8>, fields: impl FnOnce(&mut Object<'_>)) {
        out.push(b'{');
        fields(&mut Object { out, is_first: true });
        out.push(b'}');
    }

    fn name(&mut self, name: &'static str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A text with whatever characters.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) {
        text(self.name(name), value);
    }

    /// One of our own names, or null.
    pub(crate) fn word(&mut self, name: &'static str, value: Option<&'static str>) {
        match value {
            Some(value) => text(self.name(name), value),
            None => self.name(name).extend_from_slice(b"null"),
        }
    }

    /// A truth value, or null.
    pub(crate) fn flag(&mut self, name: &'static str, value: Option<bool>) {
        let written: &[u8] = match value {
            Some(true) => b"true",
            Some(false) => b"false",
            None => b"null",
        };
        self.name(name).extend_from_slice(written);
    }

    /// A whole number, or null.
    pub(crate) fn number(&mut self, name: &'static str, value: Option<u64>) {
        let out = self.name(name);
        match value {
            Some(value) => out.extend_from_slice(value.to_string().as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// A share from 0 to 1.
    pub(crate) fn share(&mut self, name: &'static str, value: f64) {
        let written = if value.is_finite() { value.to_string() } else { String::from("0") };
        self.name(name).extend_from_slice(written.as_bytes());
    }

    /// Null.
    pub(crate) fn null(&mut self, name: &'static str) {
        self.name(name).extend_from_slice(b"null");
    }

    /// An object.
    pub(crate) fn object(&mut self, name: &'static str, fields: impl FnOnce(&mut Object<'_>)) {
        Object::write(self.name(name), fields);
    }

    /// A list of objects.
    pub(crate) fn objects<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        mut fields: impl FnMut(&mut Object<'_>, T),
    ) {
        list(self.name(name), items, |out, item| Object::write(out, |object| fields(object, item)));
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str, items: impl IntoIterator<Item = String>) {
        list(self.name(name), items, |out, item| text(out, &item));
    }
}

fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn text(out: &mut Vec<u8>, value: &str) {
    // Writing text to memory does not fail.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_json() {
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.text("text", "a \"b\" \\ \n パ");
            object.word("word", None);
            object.flag("flag", Some(false));
            object.number("number", Some(u64::MAX));
            object.share("share", 0.25);
            object.null("null");
            object.object("object", |object| object.flag("inner", None));
            object.objects("objects", [1, 2], |object, item| object.number("item", Some(item)));
            object.texts("texts", Vec::new());
        });
        let value: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(
            value,
            serde_json::json!({
                "text": "a \"b\" \\ \n パ", "word": null, "flag": false, "number": u64::MAX, "share": 0.25, "null": null,
                "object": {"inner": null}, "objects": [{"item": 1}, {"item": 2}], "texts": [],
            })
        );
    }
}
