#define _GNU_SOURCE
#include "measurement.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

uint64_t process_cpu_ns(pid_t process) {
    clockid_t clock;
    return clock_getcpuclockid(process, &clock) == 0 ? clock_ns(clock) : 0;
}

uint64_t own_cpu_ns(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

void measurement_begin(measurement *m, double warm_up_seconds, double seconds, pid_t server) {
    m->warm_up_seconds = warm_up_seconds;
    m->seconds = seconds;
    m->server = server;
    m->is_measuring = false;
    m->began_ns = monotonic_ns();
}

bool measurement_goes_on(measurement *m, uint64_t now) {
    double elapsed = (double)(now - m->began_ns) / 1e9;
    if (!m->is_measuring) {
        if (elapsed < m->warm_up_seconds) return true;
        memset(&m->latencies, 0, sizeof m->latencies);
        m->server_cpu_began_ns = process_cpu_ns(m->server);
        m->own_cpu_began_ns = own_cpu_ns();
        m->began_ns = monotonic_ns();
        m->is_measuring = true;
        return true;
    }
    if (elapsed < m->seconds) return true;
    uint64_t server_cpu = process_cpu_ns(m->server) - m->server_cpu_began_ns;
    uint64_t own_cpu = own_cpu_ns() - m->own_cpu_began_ns;
    elapsed = (double)(monotonic_ns() - m->began_ns) / 1e9;
    printf(
        "{\"calls\":%llu,\"seconds\":%.6f,\"p50_us\":%.3f,\"p99_us\":%.3f,\"server_cpu_seconds\":%.6f,"
        "\"client_cpu_seconds\":%.6f}\n",
        (unsigned long long)m->latencies.total, elapsed, histogram_quantile(&m->latencies, 0.5) / 1e3,
        histogram_quantile(&m->latencies, 0.99) / 1e3, (double)server_cpu / 1e9,
        (double)own_cpu / 1e9);
    fflush(stdout);
    return false;
}
