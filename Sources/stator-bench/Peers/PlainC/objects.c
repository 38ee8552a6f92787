// Unpacking and packing in memory, without any connection: answers each operation that is named on standard input.
#include "codec.h"
#include "measurement.h"
#include "options.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const message_kind *kind;
    uint8_t bytes[payload_length_max], packed[2 * payload_length_max + 64];
    size_t length;
    ProtobufCMessage *message;
} sample;

static bool sample_read(sample *s, const char *folder) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/instance.bin", folder) >= sizeof path) return false;
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    s->length = fread(s->bytes, 1, sizeof s->bytes, file);
    fclose(file);
    s->kind = kind_named("instance");
    return s->kind && decode(s->kind, s->bytes, s->length);
}

static size_t unpack(sample *s, size_t count) {
    for (size_t number = 0; number < count; number++) s->message = decode(s->kind, s->bytes, s->length);
    return s->length;
}

static size_t pack(sample *s, size_t count) {
    size_t length = 0;
    for (size_t number = 0; number < count; number++) length = protobuf_c_message_pack(s->message, s->packed);
    return length;
}

// As Stator's own loop does it: doubled until asking for the time is little beside it, which also is the warm-up.
static void measure(size_t (*operation)(sample *, size_t), sample *s, double seconds) {
    size_t count = 1, operations = 0, bytes = 0;
    double spent = 0;
    while (spent < seconds / 8) {
        count *= 2;
        uint64_t began = own_cpu_ns();
        bytes = operation(s, count);
        spent = (double)(own_cpu_ns() - began) / 1e9;
    }
    uint64_t began = own_cpu_ns();
    do {
        operation(s, count);
        operations += count;
        spent = (double)(own_cpu_ns() - began) / 1e9;
    } while (spent < seconds);
    printf("{\"operations\":%zu,\"cpu_seconds\":%.9f,\"bytes\":%zu}\n", operations, spent, bytes);
    fflush(stdout);
}

int run_objects(const options *o) {
    static sample s;
    if (!sample_read(&s, o->folder)) {
        fprintf(stderr, "%s/instance.bin cannot be decoded\n", o->folder);
        return 1;
    }
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        s.message = decode(s.kind, s.bytes, s.length);
        if (strcmp(line, "decode") == 0) {
            measure(unpack, &s, o->seconds);
        } else if (strcmp(line, "encode") == 0) {
            measure(pack, &s, o->seconds);
        } else {
            fprintf(stderr, "%s is no operation on objects\n", line);
            return 2;
        }
    }
    return 0;
}
