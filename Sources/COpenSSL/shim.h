// OpenSSL's headers, and functions in place of the macros that Swift cannot import.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int stator_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int stator_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}

static inline void stator_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_mode(context, mode);
}

static inline void stator_SSL_CTX_set_session_cache(SSL_CTX *context, int mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

static inline void stator_SSL_set_app_data(SSL *connection, void *data) {
    SSL_set_app_data(connection, data);
}

static inline void *stator_SSL_get_app_data(SSL *connection) {
    return SSL_get_app_data(connection);
}

static inline int stator_general_name_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

static inline const GENERAL_NAME *stator_general_name(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

// The text of a DNS name or URI, the bytes of an IP address; NULL when the name is of another kind. Owned by the name.
static inline const ASN1_STRING *stator_general_name_text(const GENERAL_NAME *name, int kind) {
    if (name->type != kind)
        return NULL;
    switch (kind) {
    case GEN_DNS:
        return name->d.dNSName;
    case GEN_URI:
        return name->d.uniformResourceIdentifier;
    case GEN_IPADD:
        return name->d.iPAddress;
    default:
        return NULL;
    }
}

static inline int stator_certificate_count(const STACK_OF(X509) *certificates) {
    return sk_X509_num(certificates);
}

// Owned by the list.
static inline X509 *stator_certificate(const STACK_OF(X509) *certificates, int index) {
    return sk_X509_value(certificates, index);
}

// The chain takes a reference of its own.
static inline int stator_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

// Writes the name on one line as RFC 2253 has it, everything but visible ASCII escaped.
static inline void stator_X509_NAME_print(BIO *output, const X509_NAME *name) {
    X509_NAME_print_ex(output, name, 0, XN_FLAG_RFC2253);
}
