/*
 * A disk that fails on command, for one process: LD_PRELOAD has it stand before the C library. It reads
 * its orders from the file FAILING_ORDERS before each call, a line "call errno" each, for example
 * "fsync 5"; they hold for files whose path begins with FAILING_PREFIX. An empty file: all is well.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Kept from the start: the server takes what it does not know out of its environment. */
static char prefix[4096], orders[4096];
__attribute__((constructor)) static void keep(void) {
  const char *given_prefix = getenv("FAILING_PREFIX"), *given_orders = getenv("FAILING_ORDERS");
  if (given_prefix) snprintf(prefix, sizeof prefix, "%s", given_prefix);
  if (given_orders) snprintf(orders, sizeof orders, "%s", given_orders);
}

/* The errno that is ordered for `call`, or 0. By system calls of its own, past what stands before them. */
static int ordered(const char *call, const char *path) {
  if (!*prefix || !*orders || strncmp(path, prefix, strlen(prefix)) != 0) return 0;
  char text[256] = "", name[32];
  int code, used, file = syscall(SYS_openat, AT_FDCWD, orders, O_RDONLY);
  if (file < 0) return 0;
  ssize_t length = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  if (length < 0) return 0;
  for (const char *at = text; sscanf(at, "%31s %d%n", name, &code, &used) == 2; at += used)
    if (strcmp(name, call) == 0) return code;
  return 0;
}

static int orderedFor(const char *call, int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return ordered(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(code) do { int fault = (code); if (fault) { errno = fault; return -1; } } while (0)

int fsync(int f) { FAIL(orderedFor("fsync", f)); return REAL(fsync)(f); }
int fdatasync(int f) { FAIL(orderedFor("fsync", f)); return REAL(fdatasync)(f); }
ssize_t write(int f, const void *b, size_t n) { FAIL(orderedFor("write", f)); return REAL(write)(f, b, n); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t at) {
  FAIL(orderedFor("write", f));
  return REAL(pwrite64)(f, b, n, at);
}
ssize_t pread64(int f, void *b, size_t n, off64_t at) {
  FAIL(orderedFor("read", f));
  return REAL(pread64)(f, b, n, at);
}
static int make(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  if (flags & O_CREAT) FAIL(ordered("create", path));
  return real(path, flags, mode);
}
#define MODE(flags) mode_t mode = 0; if (flags & O_CREAT) { va_list r; va_start(r, flags); mode = va_arg(r, int); va_end(r); }
int open(const char *path, int flags, ...) { MODE(flags) return make(REAL(open), path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return make(REAL(open64), path, flags, mode); }
