// The Linux calls that Swift's Glibc module leaves out.
//
// Includes nothing that Glibc has as well: which of the two modules then owned it would depend on the order of building.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>

// Glibc declares these to those only who ask for GNU extensions before the first header, which no module can.
extern int stator_accept4(int descriptor, void *address, unsigned int *length, int flags) __asm__("accept4");
extern int stator_pthread_setname_np(unsigned long thread, const char *name) __asm__("pthread_setname_np");
extern int stator_fallocate(int descriptor, int mode, long offset, long length) __asm__("fallocate");
extern int stator_spawn_change_directory(void *actions, const char *path)
    __asm__("posix_spawn_file_actions_addchdir_np");
extern int stator_spawn_close_from(void *actions, int descriptor) __asm__("posix_spawn_file_actions_addclosefrom_np");
