#pragma once

#include "connection.h"
#include "options.h"
#include "tls.h"

// Begins to connect to a server on this machine; NULL when that fails at once.
connection *dial(SSL_CTX *context, int port, const connection_owner *owner, void *state);
