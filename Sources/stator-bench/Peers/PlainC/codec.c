#include "codec.h"

#include <stator/v1/compute.pb-c.h>
#include <stator/v1/objects.pb-c.h>
#include <string.h>

static uint8_t arena[1 << 20] __attribute__((aligned(16)));
static size_t arena_used;

static void *arena_allocate(void *data, size_t size) {
    (void)data;
    size = (size + 7) & ~(size_t)7;
    if (size > sizeof arena - arena_used) return NULL;
    void *pointer = arena + arena_used;
    arena_used += size;
    return pointer;
}

static void arena_free(void *data, void *pointer) { (void)data, (void)pointer; }

static ProtobufCAllocator allocator = {.alloc = arena_allocate, .free = arena_free};

static const message_kind kinds[] = {
    {1, "ping", &stator__v1__console_output__descriptor},
    {2, "instance", &stator__v1__instance__descriptor},
};

const message_kind *kind_named(const char *name) {
    for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
        if (strcmp(kinds[index].name, name) == 0) return &kinds[index];
    }
    return NULL;
}

const message_kind *kind_numbered(uint8_t type) { return type == 1 || type == 2 ? &kinds[type - 1] : NULL; }

ProtobufCMessage *decode(const message_kind *kind, const uint8_t *bytes, size_t count) {
    arena_used = 0;
    return protobuf_c_message_unpack(kind->descriptor, &allocator, count, bytes);
}

frame_header frame_read(const uint8_t *bytes) {
    uint32_t length, stream;
    memcpy(&length, bytes, 4);
    memcpy(&stream, bytes + 8, 4);
    return (frame_header){
        .payload_length = __builtin_bswap32(length), .type = bytes[4], .stream = __builtin_bswap32(stream)};
}

void frame_write(uint8_t *bytes, frame_header header) {
    uint32_t length = __builtin_bswap32(header.payload_length), stream = __builtin_bswap32(header.stream);
    memcpy(bytes, &length, 4);
    memcpy(bytes + 4, (uint8_t[4]){header.type}, 4);
    memcpy(bytes + 8, &stream, 4);
}
