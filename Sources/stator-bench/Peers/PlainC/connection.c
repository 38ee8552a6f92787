#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    // Of ciphertext per recv.
    burst_length_max = 256 * 1024,
    // A frame, the owner's largest, may be kept from the burst before.
    plaintext_length_max = burst_length_max + 2 * record_length_max,
    // A record, and a frame that reaches into the next.
    answer_length_max = 2 * record_length_max,
    ciphertext_length_max = 2 * burst_length_max,
    events_max = 256,
    // Sent at once when so much is encrypted, so that the peer begins while the rest of the burst is being answered.
    send_threshold = 16 * 1024,
};

int poller = -1;

static uint8_t incoming[burst_length_max];
static size_t incoming_position, incoming_count;
static uint8_t plaintext[plaintext_length_max];
static uint8_t answer[answer_length_max];
static size_t answer_count;
static uint8_t outgoing[ciphertext_length_max];
static size_t outgoing_count;

// OpenSSL reads from what was received and writes to what will be sent; no system call of its own.

static int shared_read(BIO *bio, char *into, int count) {
    size_t rest = incoming_count - incoming_position;
    if (rest == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    BIO_clear_retry_flags(bio);
    size_t taken = rest < (size_t)count ? rest : (size_t)count;
    memcpy(into, incoming + incoming_position, taken);
    incoming_position += taken;
    return (int)taken;
}

static int shared_write(BIO *bio, const char *bytes, int count) {
    BIO_clear_retry_flags(bio);
    if ((size_t)count > sizeof outgoing - outgoing_count) return -1;
    memcpy(outgoing + outgoing_count, bytes, (size_t)count);
    outgoing_count += (size_t)count;
    return count;
}

static long shared_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static int shared_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

static BIO *shared_bio(void) {
    static BIO_METHOD *method;
    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shared buffers");
        BIO_meth_set_read(method, shared_read);
        BIO_meth_set_write(method, shared_write);
        BIO_meth_set_ctrl(method, shared_control);
        BIO_meth_set_create(method, shared_create);
    }
    return BIO_new(method);
}

static void arm(connection *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(poller, operation, c->descriptor, &event) != 0) c->is_over = true;
}

connection *connection_open(
    int descriptor, SSL_CTX *context, bool is_server, const connection_owner *owner, void *state
) {
    connection *c = calloc(1, sizeof *c);
    SSL *ssl = SSL_new(context);
    BIO *bio = shared_bio();
    if (!c || !ssl || !bio) {
        free(c), SSL_free(ssl), BIO_free(bio), close(descriptor);
        return NULL;
    }
    *c = (connection){.descriptor = descriptor, .ssl = ssl, .owner = owner, .state = state};
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, c);
    if (is_server) SSL_set_accept_state(ssl);
    else SSL_set_connect_state(ssl);
    arm(c, EPOLL_CTL_ADD, is_server ? EPOLLIN : EPOLLOUT);
    return c;
}

// Sends what is encrypted; what the socket does not take waits with the connection.
static void send_outgoing(connection *c) {
    size_t sent = 0;
    while (c->unsent_count == 0 && sent < outgoing_count) {
        ssize_t count = send(c->descriptor, outgoing + sent, outgoing_count - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            if (errno != EAGAIN) c->is_over = true;
            break;
        }
        sent += (size_t)count;
    }
    size_t rest = outgoing_count - sent;
    outgoing_count = 0;
    if (rest == 0 || c->is_over) return;
    uint8_t *grown = realloc(c->unsent, c->unsent_count + rest);
    if (!grown) {
        c->is_over = true;
        return;
    }
    memcpy(grown + c->unsent_count, outgoing + sent, rest);
    if (c->unsent_count == 0) arm(c, EPOLL_CTL_MOD, EPOLLOUT);
    c->unsent = grown;
    c->unsent_count += rest;
}

static void send_unsent(connection *c) {
    ssize_t count = send(c->descriptor, c->unsent, c->unsent_count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) c->is_over = true;
        return;
    }
    c->unsent_count -= (size_t)count;
    memmove(c->unsent, c->unsent + count, c->unsent_count);
    if (c->unsent_count > 0) return;
    free(c->unsent);
    c->unsent = NULL;
    arm(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void encrypt(connection *c, size_t count) {
    size_t written;
    if (SSL_write_ex(c->ssl, answer, count, &written) != 1 || written != count) c->is_over = true;
    answer_count -= count;
    memmove(answer, answer + count, answer_count);
    if (outgoing_count >= send_threshold) send_outgoing(c);
}

uint8_t *connection_reserve(connection *c, size_t count) {
    (void)c;
    return count <= sizeof answer - answer_count ? answer + answer_count : NULL;
}

void connection_commit(connection *c, size_t count) {
    answer_count += count;
    if (answer_count >= record_length_max) encrypt(c, record_length_max);
}

void connection_flush(connection *c) {
    if (answer_count > 0 && !c->is_over) encrypt(c, answer_count);
    answer_count = 0;
    if (outgoing_count > 0) send_outgoing(c);
}

void connection_close(connection *c, bool reset) {
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        // Else OpenSSL spoils the session, which others are to resume.
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    c->is_over = true;
}

static bool wants_more(connection *c, int result) {
    if (SSL_get_error(c->ssl, result) == SSL_ERROR_WANT_READ) return true;
    c->is_over = true;
    return false;
}

// Decrypts everything that was received and hands it to the owner, record by record.
static void read_records(connection *c) {
    size_t position = 0, count = c->kept_count, record;
    if (c->kept) {
        memcpy(plaintext, c->kept, c->kept_count);
        free(c->kept);
        c->kept = NULL;
        c->kept_count = 0;
    }
    while (!c->is_over) {
        int result = SSL_read_ex(c->ssl, plaintext + count, sizeof plaintext - count, &record);
        if (result != 1) {
            wants_more(c, result);
            break;
        }
        count += record;
        size_t taken = c->owner->received(c, plaintext + position, count - position);
        if (taken > count - position) c->is_over = true;
        else position += taken;
    }
    if (c->is_over || position == count) return;
    c->kept = malloc(count - position);
    if (!c->kept) {
        c->is_over = true;
        return;
    }
    c->kept_count = count - position;
    memcpy(c->kept, plaintext + position, c->kept_count);
}

static void receive(connection *c) {
    ssize_t count = recv(c->descriptor, incoming, sizeof incoming, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) count = 0;
    else if (count <= 0) c->is_over = true;
    if (c->is_over) return;
    incoming_count = (size_t)count;
    if (!c->is_ready) {
        int result = SSL_do_handshake(c->ssl);
        if (result != 1) {
            wants_more(c, result);
            connection_flush(c);
            return;
        }
        c->is_ready = true;
        c->owner->ready(c);
    }
    read_records(c);
    connection_flush(c);
}

static void handle(connection *c, uint32_t events) {
    // What another connection left behind, when it was closed in the middle of a burst, is not this one's.
    ERR_clear_error();
    incoming_position = incoming_count = answer_count = outgoing_count = 0;
    if (c->unsent_count > 0) {
        if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) send_unsent(c);
    } else if (!c->is_ready && !SSL_is_server(c->ssl) && SSL_get_state(c->ssl) == TLS_ST_BEFORE) {
        // The socket is connected.
        wants_more(c, SSL_do_handshake(c->ssl));
        connection_flush(c);
        if (c->unsent_count == 0) arm(c, EPOLL_CTL_MOD, EPOLLIN);
    } else {
        receive(c);
    }
    if (!c->is_over) return;
    c->owner->ended(c);
    SSL_free(c->ssl);
    close(c->descriptor);
    free(c->kept);
    free(c->unsent);
    free(c);
}

// What is no connection: few, found by their place in this list.
static struct { int descriptor; void (*readable)(void); } watched[4];

int poller_open(void) {
    poller = epoll_create1(EPOLL_CLOEXEC);
    return poller;
}

void poller_watch(int descriptor, void (*readable)(void)) {
    size_t index = 0;
    while (watched[index].readable) index++;
    watched[index].descriptor = descriptor;
    watched[index].readable = readable;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &watched[index]};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static struct epoll_event events[events_max];
static int event_count;

void poller_wait(int timeout_ms) { event_count = epoll_wait(poller, events, events_max, timeout_ms); }

void poller_handle(void) {
    for (int index = 0; index < event_count; index++) {
        void *pointer = events[index].data.ptr;
        if ((char *)pointer >= (char *)watched && (char *)pointer < (char *)watched + sizeof watched) {
            watched[((char *)pointer - (char *)watched) / sizeof watched[0]].readable();
        } else {
            handle(pointer, events[index].events);
        }
    }
}
