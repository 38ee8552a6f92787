extension UnsafeRawBufferPointer {
    /// The big-endian integer at an offset.
    @inline(__always)
    func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type) -> Value {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "an offset not checked before")
        return Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The bytes in a range; the caller has checked that they are there.
    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// The text in a range, when it is UTF-8.
    func text(_ range: Range<Int>) -> String? {
        String(validating: part(range), as: UTF8.self)
    }
}

extension String {
    /// The longest beginning of whole characters with at most `length` bytes of UTF-8.
    package func utf8Prefix(_ length: Int) -> String {
        guard utf8.count > length else { return self }
        var count = 0
        return String(
            unicodeScalars.prefix { scalar in
                count += UTF8.width(scalar)
                return count <= length
            })
    }
}
