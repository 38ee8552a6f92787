// The command line that every peer of the bench has.
#pragma once

#include <string>

struct Options {
    std::string mode, certificates, message = "ping", message_file;
    int port = 0, server = 0, connections = 1, in_flight = 1;
    double warm_up = 0.5, seconds = 1;
};

// False, after a message on standard error, when the command line is not usable.
bool read_options(Options &options, int count, char **arguments);

// The whole file; empty when it cannot be read.
std::string file_contents(const std::string &path);

int run_server(const Options &options);
int run_client(const Options &options);
// Opens and holds connections until standard input ends.
int run_idle(const Options &options);
