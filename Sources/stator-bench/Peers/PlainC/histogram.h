// Log-linear: 64 steps per power of two, so that a value is off by 1.6 % at most.
#pragma once

#include <stdint.h>

enum { histogram_steps = 64, histogram_length = 59 * histogram_steps };

typedef struct {
    uint64_t counts[histogram_length];
    uint64_t total;
} histogram;

static inline void histogram_add(histogram *h, uint64_t value) {
    uint64_t v = value < histogram_steps ? (uint64_t)histogram_steps : value;
    int shift = 63 - __builtin_clzll(v) - 6;
    uint64_t index = (uint64_t)shift * histogram_steps + (v >> shift) - histogram_steps;
    h->counts[index < histogram_length ? index : histogram_length - 1]++;
    h->total++;
}

// The middle of the step that holds the value which `fraction` of all are at most.
static inline double histogram_quantile(const histogram *h, double fraction) {
    uint64_t rank = (uint64_t)(fraction * (double)h->total), seen = 0;
    for (int index = 0; index < histogram_length; index++) {
        seen += h->counts[index];
        if (seen > rank) {
            int shift = index / histogram_steps;
            return ((double)(histogram_steps + index % histogram_steps) + 0.5) * (double)(1ull << shift);
        }
    }
    return 0;
}
