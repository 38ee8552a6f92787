// The command line that every peer of the bench has.
#pragma once

#include <stdbool.h>

typedef struct {
    const char *mode;
    const char *certificates;
    const char *application_protocol;
    const char *message, *message_file, *folder;
    int port, server, connections, in_flight;
    double warm_up, seconds;
    bool resumed;
} options;

// False, after a message on standard error, when the command line is not usable.
bool options_read(options *o, int count, char **arguments);

int run_server(const options *o);
int run_client(const options *o);
// Opens and holds connections until standard input ends.
int run_idle(const options *o);
int run_handshakes(const options *o);
// Measures what is named on standard input until that ends.
int run_objects(const options *o);
