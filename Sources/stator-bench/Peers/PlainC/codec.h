// protobuf-c over memory that is taken from the front of a buffer and given back all at once.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum {
    frame_header_length = 12,
    payload_length_max = 8000,
};

typedef struct {
    uint8_t type;
    const char *name;
    const ProtobufCMessageDescriptor *descriptor;
} message_kind;

typedef struct {
    uint32_t payload_length;
    uint8_t type;
    uint32_t stream;
} frame_header;

// NULL for a kind that the bench does not have.
const message_kind *kind_named(const char *name);
const message_kind *kind_numbered(uint8_t type);

// At least frame_header_length bytes.
frame_header frame_read(const uint8_t *bytes);
void frame_write(uint8_t *bytes, frame_header header);

// Valid until the next call; NULL when the bytes are no such message.
ProtobufCMessage *decode(const message_kind *kind, const uint8_t *bytes, size_t count);

// No more than this does a message encode to that was decoded from so many bytes: a varint may have been shorter than
// the library writes it, by half at most; no message of the bench has repeated numbers, which could be packed. To ask
// the library for the exact length costs two thirds of what encoding does.
static inline size_t encoded_length_max(size_t decoded_from) { return 2 * decoded_from + 64; }
