// Counts what a process asks of the allocator and of the kernel. Loaded before libc (LD_PRELOAD), it stands in for the
// functions below and counts in a file that whoever reads it shares: STATOR_COUNTS names it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// The order is the file's, which CallCounts.swift reads.
enum counter { allocations, deallocations, receives, sends, waits, others, counter_count };

static uint64_t unread[counter_count];
static uint64_t *counts = unread;

static void count(enum counter counter) { __atomic_fetch_add(&counts[counter], 1, __ATOMIC_RELAXED); }

__attribute__((constructor)) static void share_counts(void) {
    const char *path = getenv("STATOR_COUNTS");
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    if (ftruncate(file, sizeof unread) == 0) {
        void *shared = mmap(NULL, sizeof unread, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (shared != MAP_FAILED) counts = shared;
    }
    close(file);
}

// The allocator's own names: to look the next function up, as is done below, allocates.
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) {
    count(allocations);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(allocations);
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count(allocations);
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(allocations);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    count(allocations);
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : 12;
}

void free(void *memory) {
    if (memory) count(deallocations);
    __libc_free(memory);
}

#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t recv(int descriptor, void *bytes, size_t length, int flags) {
    NEXT(recv);
    count(receives);
    return next(descriptor, bytes, length, flags);
}

ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
    NEXT(recvmsg);
    count(receives);
    return next(descriptor, message, flags);
}

ssize_t read(int descriptor, void *bytes, size_t length) {
    NEXT(read);
    count(receives);
    return next(descriptor, bytes, length);
}

ssize_t readv(int descriptor, const struct iovec *parts, int part_count) {
    NEXT(readv);
    count(receives);
    return next(descriptor, parts, part_count);
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags) {
    NEXT(send);
    count(sends);
    return next(descriptor, bytes, length, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    NEXT(sendmsg);
    count(sends);
    return next(descriptor, message, flags);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    NEXT(write);
    count(sends);
    return next(descriptor, bytes, length);
}

ssize_t writev(int descriptor, const struct iovec *parts, int part_count) {
    NEXT(writev);
    count(sends);
    return next(descriptor, parts, part_count);
}

int epoll_wait(int poller, struct epoll_event *events, int events_max, int timeout) {
    NEXT(epoll_wait);
    count(waits);
    return next(poller, events, events_max, timeout);
}

int epoll_ctl(int poller, int operation, int descriptor, struct epoll_event *event) {
    NEXT(epoll_ctl);
    count(others);
    return next(poller, operation, descriptor, event);
}

int eventfd_write(int descriptor, uint64_t value) {
    NEXT(eventfd_write);
    count(others);
    return next(descriptor, value);
}

int setsockopt(int descriptor, int level, int option, const void *value, socklen_t length) {
    NEXT(setsockopt);
    count(others);
    return next(descriptor, level, option, value, length);
}
