#define _GNU_SOURCE
#include "dial.h"

#include "codec.h"
#include "measurement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Closed loop: each of the calls in flight is followed by another as soon as it is answered. A call begins and ends at
// the instants of the turns of the loop in which that happens, as Stator's client has it.

typedef struct {
    uint64_t *began;
} calls;

static const options *settings;
static const message_kind *kind;
static ProtobufCMessage *message;
static size_t message_length;
static int ready_count;
static uint64_t now;
static measurement measured;

static bool load_message(void) {
    static uint8_t bytes[payload_length_max];
    FILE *file = fopen(settings->message_file, "rb");
    if (!file) return false;
    message_length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    message = protobuf_c_message_unpack(kind->descriptor, NULL, message_length, bytes);
    return message && protobuf_c_message_get_packed_size(message) == message_length;
}

static bool call(connection *c, uint32_t stream) {
    uint8_t *frame = connection_reserve(c, frame_header_length + encoded_length_max(message_length));
    if (!frame) return false;
    size_t count = protobuf_c_message_pack(message, frame + frame_header_length);
    frame_write(frame, (frame_header){.payload_length = (uint32_t)count, .type = kind->type, .stream = stream});
    ((calls *)c->state)->began[stream] = now;
    connection_commit(c, frame_header_length + count);
    return true;
}

static size_t received(connection *c, const uint8_t *bytes, size_t count) {
    size_t position = 0;
    while (count - position >= frame_header_length) {
        frame_header header = frame_read(bytes + position);
        if (header.payload_length > payload_length_max || header.stream >= (uint32_t)settings->in_flight)
            return SIZE_MAX;
        if (count - position < frame_header_length + header.payload_length) break;
        const uint8_t *payload = bytes + position + frame_header_length;
        if (header.type != kind->type || !decode(kind, payload, header.payload_length)) return SIZE_MAX;
        histogram_add(&measured.latencies, now - ((calls *)c->state)->began[header.stream]);
        if (!call(c, header.stream)) return SIZE_MAX;
        position += frame_header_length + header.payload_length;
    }
    return position;
}

static void ready(connection *c) {
    (void)c;
    ready_count++;
}

static void ended(connection *c) {
    (void)c;
    fputs("the server closed the connection\n", stderr);
    exit(1);
}

static const connection_owner owner = {.ready = ready, .received = received, .ended = ended};

static bool connect_all(connection **connections) {
    SSL_CTX *context = tls_context(false, settings->certificates, "compute-bench", settings->application_protocol);
    if (!context || poller_open() < 0) return false;
    for (int index = 0; index < settings->connections; index++) {
        calls *state = malloc(sizeof *state);
        if (state) state->began = calloc((size_t)settings->in_flight, sizeof *state->began);
        if (!state || !state->began) return false;
        connections[index] = dial(context, settings->port, &owner, state);
        if (!connections[index]) return false;
        while (ready_count <= index) poller_run_once(-1);
    }
    return true;
}

int run_client(const options *o) {
    settings = o;
    kind = o->message ? kind_named(o->message) : NULL;
    connection **connections = calloc((size_t)o->connections, sizeof *connections);
    if (!kind || !connections || !o->message_file || !load_message() || !connect_all(connections)) {
        fputs("client: the message, the certificates or the server is not usable\n", stderr);
        return 1;
    }
    measurement_begin(&measured, o->warm_up, o->seconds, o->server);
    now = monotonic_ns();
    for (int index = 0; index < o->connections; index++) {
        for (uint32_t stream = 0; stream < (uint32_t)o->in_flight; stream++) call(connections[index], stream);
        connection_flush(connections[index]);
    }
    while (measurement_goes_on(&measured, now)) {
        poller_wait(-1);
        now = monotonic_ns();
        poller_handle();
    }
    return 0;
}

int run_idle(const options *o) {
    settings = o;
    connection **connections = calloc((size_t)o->connections, sizeof *connections);
    if (!connections || !connect_all(connections)) {
        fputs("idle: the certificates or the server is not usable\n", stderr);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    return 0;
}
