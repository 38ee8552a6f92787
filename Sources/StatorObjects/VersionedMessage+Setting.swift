extension VersionedMessage {
    /// Sets a property and checks the value; one that does not fit the field's declaration is refused, and the field
    /// keeps what it had.
    ///
    /// Only what the path changes is checked. Plain assignment takes any value, and `validate()` or encoding refuses it
    /// later. The error names object, field and value; a sensitive value is masked, a long one shortened.
    public mutating func set<Value>(
        _ path: WritableKeyPath<Self, Value>, to value: Value
    ) throws(ObjectError) {
        let before = self
        content.clearChanges()
        self[keyPath: path] = value
        let changes = content.storage.changes
        guard changes != 0 else {
            self = before
            return
        }
        do throws(ObjectError) {
            try content.validate(fields: changes)
        } catch {
            let bad = content.withValue(in: error)
            self = before
            throw bad
        }
        content.settle(
            changes: changes | before.content.storage.changes, isValidated: before.content.storage.isValidated)
    }
}

extension MessageContent {
    /// The error, with the value that it is about, which is looked for in the objects that the message contains.
    fileprivate func withValue(in error: ObjectError) -> ObjectError {
        guard let text = unsafe storage.message.valueText(in: error, schema) else { return error }
        var error = error
        error.value = text
        if error.message.hasSuffix(".") { error.message.removeLast() }
        error.message += ": \(text)."
        return error
    }
}

extension RawMessage {
    fileprivate func valueText(in error: ObjectError, _ schema: MessageSchema) -> String? {
        if error.object == schema.name, let field = error.field, let index = schema.index(of: field),
            unsafe isSet(schema.layout(index)), unsafe !isValid(schema)
        {
            if schema.fields[index].isSensitive { return ObjectError.maskedText }
            return shortened(unsafe JSONWriter.text(self, schema, index))
        }
        for index in schema.fields.indices {
            let layout = schema.layout(index)
            guard let nested = schema.nested(index), unsafe isSet(layout) else { continue }
            let children = unsafe values(layout, as: UnsafeMutableRawPointer.self)
            for position in children.indices {
                if let text = unsafe RawMessage(children[position]).valueText(in: error, nested) {
                    return schema.fields[index].isSensitive ? ObjectError.maskedText : text
                }
            }
        }
        return nil
    }

    private func isValid(_ schema: MessageSchema) -> Bool {
        do throws(ObjectError) {
            unsafe try validate(schema, from: .memory)
            return true
        } catch {
            return false
        }
    }
}

/// Longer values would hide the sentence that they are in.
private func shortened(_ text: String) -> String {
    let byteCountMax = 80
    guard text.utf8.count > byteCountMax else { return text }
    return "\(text.prefix(byteCountMax))… (\(text.utf8.count) bytes)"
}
