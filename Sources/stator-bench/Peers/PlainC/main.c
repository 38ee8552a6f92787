#include "options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char usage[] =
    "usage: plain-c server|client|idle|handshakes --certificates DIR [--port N] [--alpn NAME]\n"
    "  client, handshakes: --server PID --warm-up S --seconds S --connections N\n"
    "  client: --message ping|instance --message-file FILE --in-flight N\n"
    "  handshakes: [--resumed]\n"
    "  idle: --connections N\n"
    "usage: plain-c objects --folder DIR --seconds S\n";

bool options_read(options *o, int count, char **arguments) {
    *o = (options){.application_protocol = "stator/1", .connections = 1, .in_flight = 1, .warm_up = 0.5, .seconds = 1};
    struct { const char *name; const char **text; int *number; double *seconds; } known[] = {
        {.name = "--certificates", .text = &o->certificates},
        {.name = "--alpn", .text = &o->application_protocol},
        {.name = "--message", .text = &o->message},
        {.name = "--message-file", .text = &o->message_file},
        {.name = "--folder", .text = &o->folder},
        {.name = "--port", .number = &o->port},
        {.name = "--server", .number = &o->server},
        {.name = "--connections", .number = &o->connections},
        {.name = "--in-flight", .number = &o->in_flight},
        {.name = "--warm-up", .seconds = &o->warm_up},
        {.name = "--seconds", .seconds = &o->seconds},
    };
    o->mode = count > 1 ? arguments[1] : "";
    bool is_usable = true;
    for (int index = 2; index < count && is_usable; index++) {
        if (strcmp(arguments[index], "--resumed") == 0) {
            o->resumed = true;
            continue;
        }
        is_usable = false;
        for (size_t place = 0; place < sizeof known / sizeof known[0]; place++) {
            if (strcmp(arguments[index], known[place].name) != 0 || index + 1 == count) continue;
            const char *value = arguments[++index];
            if (known[place].text) *known[place].text = value;
            if (known[place].number) *known[place].number = atoi(value);
            if (known[place].seconds) *known[place].seconds = atof(value);
            is_usable = true;
            break;
        }
    }
    bool has_files = strcmp(o->mode, "objects") == 0 ? o->folder != NULL : o->certificates != NULL;
    if (!is_usable || !has_files || o->connections < 1 || o->in_flight < 1) {
        fputs(usage, stderr);
        return false;
    }
    return true;
}

int main(int count, char **arguments) {
    options o;
    if (!options_read(&o, count, arguments)) return 2;
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (strcmp(o.mode, "server") == 0) return run_server(&o);
    if (strcmp(o.mode, "client") == 0) return run_client(&o);
    if (strcmp(o.mode, "idle") == 0) return run_idle(&o);
    if (strcmp(o.mode, "handshakes") == 0) return run_handshakes(&o);
    if (strcmp(o.mode, "objects") == 0) return run_objects(&o);
    fputs(usage, stderr);
    return 2;
}
