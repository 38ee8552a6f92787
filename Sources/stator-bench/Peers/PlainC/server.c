#define _GNU_SOURCE
#include "codec.h"
#include "connection.h"
#include "options.h"
#include "tls.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener;
static SSL_CTX *context;

static void ready(connection *c) { (void)c; }
static void ended(connection *c) { (void)c; }

// Decodes the message and encodes what was decoded.
static bool answer(connection *c, frame_header request, const uint8_t *payload) {
    const message_kind *kind = kind_numbered(request.type);
    ProtobufCMessage *message = kind ? decode(kind, payload, request.payload_length) : NULL;
    uint8_t *frame = connection_reserve(c, frame_header_length + encoded_length_max(request.payload_length));
    if (!message || !frame) return false;
    size_t count = protobuf_c_message_pack(message, frame + frame_header_length);
    frame_write(
        frame, (frame_header){.payload_length = (uint32_t)count, .type = request.type, .stream = request.stream});
    connection_commit(c, frame_header_length + count);
    return true;
}

static size_t received(connection *c, const uint8_t *bytes, size_t count) {
    size_t position = 0;
    while (count - position >= frame_header_length) {
        frame_header header = frame_read(bytes + position);
        if (header.payload_length > payload_length_max) return SIZE_MAX;
        if (count - position < frame_header_length + header.payload_length) break;
        if (!answer(c, header, bytes + position + frame_header_length)) return SIZE_MAX;
        position += frame_header_length + header.payload_length;
    }
    return position;
}

static const connection_owner owner = {.ready = ready, .received = received, .ended = ended};

static void accept_some(void) {
    for (int index = 0; index < 64; index++) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        int on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection_open(descriptor, context, true, &owner, NULL);
    }
}

// Whoever started the server is gone.
static void input_ended(void) {
    char byte;
    if (read(STDIN_FILENO, &byte, 1) <= 0) exit(0);
}

int run_server(const options *o) {
    context = tls_context(true, o->certificates, "conductor-bench", o->application_protocol);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)o->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!context || poller_open() < 0 || bind(listener, (struct sockaddr *)&address, length) != 0
        || listen(listener, 4096) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("cannot serve");
        return 1;
    }
    poller_watch(listener, accept_some);
    poller_watch(STDIN_FILENO, input_ended);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) poller_run_once(-1);
}
