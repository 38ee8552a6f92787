#define _GNU_SOURCE
#include "dial.h"

#include "measurement.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

// Connects, shakes hands, waits for the server's first word (its session ticket, or data of its protocol), which says
// that it has taken the client's certificate too, and cuts the connection off; then the next. The load for any server
// that speaks TLS: only its application protocol must be named.

typedef struct {
    uint64_t began;
    bool is_answered;
} attempt;

static const options *settings;
static SSL_CTX *context;
static SSL_SESSION *session;
static uint64_t now;
static measurement measured;
static int open_count;

static void begin(void);

static void answered(connection *c) {
    attempt *a = c->state;
    if (a->is_answered) return;
    a->is_answered = true;
    if (settings->resumed && session && !SSL_session_reused(c->ssl)) {
        fputs("the server did not resume the session\n", stderr);
        exit(1);
    }
    histogram_add(&measured.latencies, now - a->began);
    connection_close(c, true);
}

static void ready(connection *c) { (void)c; }

static size_t received(connection *c, const uint8_t *bytes, size_t count) {
    (void)bytes;
    // The first connection of all stays until the session comes that the others resume.
    if (!settings->resumed || session) answered(c);
    return count;
}

static int session_came(SSL *ssl, SSL_SESSION *ticket) {
    if (settings->resumed && !session && SSL_SESSION_is_resumable(ticket)) {
        session = ticket;
        connection_close(SSL_get_app_data(ssl), true);
        return 1;
    }
    if (!settings->resumed || session) answered(SSL_get_app_data(ssl));
    return 0;
}

static void ended(connection *c) {
    attempt *a = c->state;
    if (!a->is_answered && !session) {
        fputs("the server refused the handshake\n", stderr);
        exit(1);
    }
    free(a);
    open_count--;
}

static const connection_owner owner = {.ready = ready, .received = received, .ended = ended};

static void begin(void) {
    attempt *a = calloc(1, sizeof *a);
    connection *c = a ? dial(context, settings->port, &owner, a) : NULL;
    if (!c) {
        perror("cannot connect");
        exit(1);
    }
    a->began = now;
    if (session) {
        // A copy: OpenSSL spoils what was resumed, as a ticket is meant to be used once.
        SSL_SESSION *copy = SSL_SESSION_dup(session);
        SSL_set_session(c->ssl, copy);
        SSL_SESSION_free(copy);
    }
    open_count++;
}

int run_handshakes(const options *o) {
    settings = o;
    context = tls_context(false, o->certificates, "compute-bench", o->application_protocol);
    if (!context || poller_open() < 0) return 1;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, session_came);
    if (o->resumed) {
        begin();
        while (open_count > 0) poller_run_once(-1);
    }
    measurement_begin(&measured, o->warm_up, o->seconds, o->server);
    now = monotonic_ns();
    while (measurement_goes_on(&measured, now)) {
        while (open_count < o->connections) begin();
        poller_wait(-1);
        now = monotonic_ns();
        poller_handle();
    }
    return 0;
}
