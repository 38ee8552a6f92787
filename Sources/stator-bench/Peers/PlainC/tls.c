#include "tls.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

static int select_protocol(
    SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered, unsigned int count,
    void *wanted
) {
    (void)ssl;
    const unsigned char *name = wanted;
    int found = SSL_select_next_proto((unsigned char **)chosen, length, name, name[0] + 1u, offered, count);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *tls_context(bool is_server, const char *directory, const char *name, const char *application_protocol) {
    static unsigned char protocol[64];
    char certificate[512], key[512], authority[512];
    snprintf(certificate, sizeof certificate, "%s/%s.crt", directory, name);
    snprintf(key, sizeof key, "%s/%s.key", directory, name);
    snprintf(authority, sizeof authority, "%s/ca.crt", directory);
    size_t length = strlen(application_protocol);
    if (length >= sizeof protocol) return NULL;
    protocol[0] = (unsigned char)length;
    memcpy(protocol + 1, application_protocol, length);

    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    static const unsigned char session_context[] = "stator-bench";
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1
        || SSL_CTX_use_certificate_chain_file(context, certificate) != 1
        || SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_load_verify_locations(context, authority, NULL) != 1
        || SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) != 1
        || SSL_CTX_set_alpn_protos(context, protocol, (unsigned)length + 1) != 0
        || SSL_CTX_set_num_tickets(context, 1) != 1) {
        ERR_print_errors_fp(stderr);
        return NULL;
    }
    // The chain is what the file has; OpenSSL need not look for more of it at each handshake.
    SSL_CTX_set_mode(
        context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    // Tickets carry the sessions; the server keeps none.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (is_server) SSL_CTX_set_alpn_select_cb(context, select_protocol, protocol);
    return context;
}
