// What a client measures, and how it says it: one line of JSON.
#pragma once

#include "histogram.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    double warm_up_seconds, seconds;
    pid_t server;
    uint64_t began_ns, server_cpu_began_ns, own_cpu_began_ns;
    bool is_measuring;
    histogram latencies;
} measurement;

uint64_t monotonic_ns(void);
// Of another process, exactly; 0 when there is none.
uint64_t process_cpu_ns(pid_t process);
uint64_t own_cpu_ns(void);

// Begins with the warm-up.
void measurement_begin(measurement *m, double warm_up_seconds, double seconds, pid_t server);
// To be called once per turn of the loop; false once everything is measured, and printed.
bool measurement_goes_on(measurement *m, uint64_t now);

#ifdef __cplusplus
}
#endif
