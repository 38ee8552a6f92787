// TLS 1.3 with certificates on both sides, set up as Stator sets it up.
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

// DIRECTORY holds ca.crt and NAME.crt, NAME.key. The one application protocol is asked for and required.
// NULL, after a message on standard error, when something is not usable.
SSL_CTX *tls_context(bool is_server, const char *directory, const char *name, const char *application_protocol);
