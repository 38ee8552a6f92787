#include "options.h"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

static const char usage[] =
    "usage: grpc-cpp server|client|idle --certificates DIR [--port N]\n"
    "  client: --server PID --message ping|instance --message-file FILE --connections N --in-flight N --warm-up S"
    " --seconds S\n"
    "  idle: --connections N\n";

bool read_options(Options &o, int count, char **arguments) {
    std::map<std::string, std::string *> texts = {
        {"--certificates", &o.certificates}, {"--message", &o.message}, {"--message-file", &o.message_file}};
    std::map<std::string, int *> numbers = {
        {"--port", &o.port}, {"--server", &o.server}, {"--connections", &o.connections}, {"--in-flight", &o.in_flight}};
    std::map<std::string, double *> times = {{"--warm-up", &o.warm_up}, {"--seconds", &o.seconds}};
    o.mode = count > 1 ? arguments[1] : "";
    bool is_usable = count > 2 && count % 2 == 0;
    for (int index = 2; index + 1 < count; index += 2) {
        std::string name = arguments[index], value = arguments[index + 1];
        if (texts.count(name)) *texts[name] = value;
        else if (numbers.count(name)) *numbers[name] = std::atoi(value.c_str());
        else if (times.count(name)) *times[name] = std::atof(value.c_str());
        else is_usable = false;
    }
    if (!is_usable || o.certificates.empty() || o.connections < 1 || o.in_flight < 1) {
        std::fputs(usage, stderr);
        return false;
    }
    return true;
}

std::string file_contents(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int main(int count, char **arguments) {
    Options o;
    if (!read_options(o, count, arguments)) return 2;
    // It complains of certificates without a host's name, which it was told not to look for.
    setenv("GRPC_VERBOSITY", "NONE", 0);
    rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (o.mode == "server") return run_server(o);
    if (o.mode == "client") return run_client(o);
    if (o.mode == "idle") return run_idle(o);
    std::fputs(usage, stderr);
    return 2;
}
