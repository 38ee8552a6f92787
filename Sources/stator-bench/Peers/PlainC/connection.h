// A TLS connection on a non-blocking socket, and the buffers that all connections of the process share.
//
// One thread, one epoll. Per burst: one recv, as many decrypted records as it held, the owner's frames, one encrypted
// record per 16 KiB of answers, one send.
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct connection connection;

typedef struct {
    // The handshake is complete.
    void (*ready)(connection *);
    // Takes whole frames from the front and returns how many bytes those had; SIZE_MAX closes the connection.
    size_t (*received)(connection *, const uint8_t *bytes, size_t count);
    // The connection is closed and freed after this call.
    void (*ended)(connection *);
} connection_owner;

struct connection {
    int descriptor;
    SSL *ssl;
    const connection_owner *owner;
    // The owner's own.
    void *state;
    // The beginning of a frame whose rest has not come yet.
    uint8_t *kept;
    size_t kept_count;
    // Ciphertext that the socket did not take; nothing is read while there is some.
    uint8_t *unsent;
    size_t unsent_count;
    bool is_ready;
    bool is_over;
};

enum { record_length_max = 16 * 1024 };

// The loop.
extern int poller;
int poller_open(void);
// One turn, in two halves for who wants to look at the clock between them.
void poller_wait(int timeout_ms);
void poller_handle(void);
static inline void poller_run_once(int timeout_ms) {
    poller_wait(timeout_ms);
    poller_handle();
}
// Watches a descriptor that is no connection.
void poller_watch(int descriptor, void (*readable)(void));

// Takes the descriptor over, a client's while it is connecting; NULL when memory is short.
connection *connection_open(
    int descriptor, SSL_CTX *context, bool is_server, const connection_owner *owner, void *state);
// Room in the record being filled, for at most record_length_max bytes.
uint8_t *connection_reserve(connection *, size_t count);
// So many of the reserved bytes were written.
void connection_commit(connection *, size_t count);
// Encrypts what was committed and sends it. For when no burst is being handled; the end of a burst does it by itself.
void connection_flush(connection *);
// Ends at the end of the burst; cut off rather than shut down when `reset`.
void connection_close(connection *, bool reset);
